/** The mark: an arch within an arch, two doors of which one is open. */
export function BrandMark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="#10263b" />
      <path d="M8 25V13a8 8 0 0 1 16 0v12" stroke="#5cc3d3" strokeWidth="2.6" strokeLinecap="round" />
      <path d="M13 25V15.5a3 3 0 0 1 6 0V25" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" />
    </svg>
  )
}
