import classes from './qr.module.css'

/** An SVG from the server as a picture: no script or style of it can reach the page. */
export function Qr({ svg, alt }: { svg: string; alt: string }) {
  return (
    <img
      className={classes.qr}
      src={`data:image/svg+xml;base64,${base64(svg)}`}
      alt={alt}
      width={192}
      height={192}
    />
  )
}

function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''))
}
