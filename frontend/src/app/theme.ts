import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'

const harbour: MantineColorsTuple = [
  '#e9f6f8', '#d3eaef', '#a5d6df', '#74c1ce', '#4bafbf', '#2f9daf', '#1d8c9e', '#127b8d', '#0b6a7b', '#07505d',
] // biome-ignore format: a ramp reads best as one line

const navy: MantineColorsTuple = [
  '#dde6ef', '#bccad8', '#9bacbe', '#71859a', '#3a4d62', '#2a3c50', '#1a2939', '#111d2a', '#0c1621', '#070e16',
] // biome-ignore format: a ramp reads best as one line

export const theme = createTheme({
  primaryColor: 'harbour',
  // Shade 8 carries white text at 5:1 in both schemes.
  primaryShade: { light: 8, dark: 8 },
  autoContrast: true,
  colors: { harbour, dark: navy },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily:
    'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: {
    fontWeight: '650',
    sizes: {
      h1: { fontSize: '1.625rem', lineHeight: '1.25' },
      h2: { fontSize: '1.1875rem', lineHeight: '1.35' },
      h3: { fontSize: '1rem', lineHeight: '1.45' },
    },
  },
})

/** Mantine's own dimmed, error and placeholder colours fall short of 4.5:1 on our surfaces. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#526272',
    '--mantine-color-placeholder': '#667483',
    '--mantine-color-error': '#b42318',
    '--mantine-color-text': '#14202c',
    '--mantine-color-default-border': '#d3dce4',
    '--mantine-color-anchor': '#0b6a7b',
  },
  dark: {
    '--mantine-color-dimmed': '#9bacbe',
    '--mantine-color-placeholder': '#8699ad',
    '--mantine-color-error': '#ff9b90',
    '--mantine-color-body': '#172533',
    '--mantine-color-default': '#172533',
    '--mantine-color-anchor': '#6cc5d3',
    '--mantine-color-harbour-light': 'rgb(108 197 211 / 0.14)',
    '--mantine-color-harbour-light-hover': 'rgb(108 197 211 / 0.22)',
    '--mantine-color-harbour-light-color': '#a5dbe5',
  },
})
