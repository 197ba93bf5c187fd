import { MantineProvider } from '@mantine/core'
import { Doors } from './doors'
import { ErrorBoundary } from './error-boundary'
import { nonce } from './nonce'
import { cssVariables, theme } from './theme'

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      // Written at run time with the rest of the theme, which is smaller than loading the defaults beside it.
      deduplicateCssVariables={false}
      getStyleNonce={() => nonce ?? ''}
    >
      <ErrorBoundary>
        <Doors />
      </ErrorBoundary>
    </MantineProvider>
  )
}
