import { useEffect } from 'react'

/** The document's title: what this page is, then the product. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} – Sallyport`
  }, [title])
}
