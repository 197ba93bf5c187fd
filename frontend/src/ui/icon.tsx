/** Line icons on a 24-unit grid; decoration only, so hidden from screen readers. */
const shapes = {
  alert: 'M12 4 3 20h18L12 4ZM12 10v4.5M12 17.3v.2',
  app: 'M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1ZM11 18h2',
  box: 'M12 3.5 4 8v8l8 4.5 8-4.5V8l-8-4.5ZM4.3 8.2 12 12.5l7.7-4.3M12 12.5v7.8',
  cart: 'M3 4h2.2l2.3 11h10.2l2.1-8H6M9 19.5a.6.6 0 1 0 0-.1M16.5 19.5a.6.6 0 1 0 0-.1',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  chevron: 'm7 10 5 5 5-5',
  close: 'M6 6l12 12M18 6 6 18',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  device: 'M4 5h16v11H4zM9 20h6M12 16v4',
  dns: 'M12 3v6M12 15v6M5 12h14M9 9h6v6H9z',
  download: 'M12 4v11M7.5 10.5 12 15l4.5-4.5M5 20h14',
  gauge: 'M4 18a9 9 0 1 1 16 0M12 14l4-5',
  globe:
    'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM3 12h18M12 3c3 2.7 3.8 5.6 3.8 9S15 18.3 12 21c-3-2.7-3.8-5.6-3.8-9S9 5.7 12 3Z',
  key: 'M8 11.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM10.5 12.5 19 4M15.5 7.5l2.5 2.5',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 14.5v2.5',
  mail: 'M4 6h16v12H4zM4.3 7l7.7 6 7.7-6',
  members:
    'M9 5a3.2 3.2 0 1 0 0 6.4A3.2 3.2 0 0 0 9 5ZM3.5 19c.4-3.2 2.6-5 5.5-5s5.1 1.8 5.5 5M15.5 5.5a3 3 0 0 1 0 5.6M17 14.4c2 .6 3.2 2.2 3.5 4.6',
  menu: 'M4 7h16M4 12h16M4 17h16',
  message: 'M4 5h16v11H10l-4 4v-4H4zM8 10.5h8',
  more: 'M5.5 12h.1M12 12h.1M18.5 12h.1',
  plus: 'M12 5v14M5 12h14',
  print: 'M7 9V4h10v5M7 16H4.5V9h15v7H17M7 13.5h10V20H7z',
  record: 'M6 3.5h12v17H6zM9 8h6M9 12h6M9 16h3.5',
  search: 'M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12ZM15 15l5 5',
  server: 'M4 5h16v6H4zM4 13h16v6H4zM7.5 8h.1M7.5 16h.1',
  settings:
    'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM9 14.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z',
  shield: 'M12 3.5 5 6v5.5c0 4.3 2.9 7.6 7 9 4.1-1.4 7-4.7 7-9V6l-7-2.5ZM9 12l2.2 2.2L15.2 10',
  signout: 'M14 4H6v16h8M10.5 12H20M16.5 8.5 20 12l-3.5 3.5',
  star: 'm12 4 2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.7L7 19l1.1-5.5L4 9.7 9.6 9 12 4Z',
  swap: 'M4 9h14M14.5 5.5 18 9l-3.5 3.5M20 16H6M9.5 12.5 6 16l3.5 3.5',
  trash: 'M5 7h14M9.5 7V4.5h5V7M7 7l.8 13h8.4L17 7M10.3 10.5v6M13.7 10.5v6',
  user: 'M12 4.5a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6ZM4.5 20c.6-3.7 3.4-5.7 7.5-5.7s6.9 2 7.5 5.7',
  wordpress: 'M4 4h16v16H4zM4 8.5h16M7 6.3h.1M9.5 6.3h.1M8 12h8M8 15.5h5',
} as const

export type IconName = keyof typeof shapes

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.7}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={shapes[name]} />
    </svg>
  )
}
