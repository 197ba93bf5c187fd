import '@mantine/core/styles/Overlay.layer.css'
import '@mantine/core/styles/CloseButton.layer.css'
import '@mantine/core/styles/ModalBase.layer.css'
import '@mantine/core/styles/Modal.layer.css'
import { Modal, type ModalRootProps } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

interface DialogProps {
  opened: boolean
  /** Without it the dialog cannot be dismissed. */
  onClose?: (() => void) | undefined
  title: string
  size?: ModalRootProps['size']
  children: ReactNode
}

/** Every dialog of the portal. Focus goes to the field marked `data-autofocus`, and back when it closes. */
export function Dialog({ opened, onClose, title, size = 'md', children }: DialogProps) {
  const { t } = useTranslation()
  return (
    <Modal.Root
      opened={opened}
      onClose={onClose ?? ignore}
      size={size}
      padding="lg"
      centered
      closeOnClickOutside={false}
      closeOnEscape={onClose !== undefined}
      transitionProps={{ duration: 120 }}
    >
      <Modal.Overlay backgroundOpacity={0.5} />
      <Modal.Content radius="lg">
        {/* Not a <header>: that would be a second banner landmark. */}
        <Modal.Header component="div">
          <Modal.Title component="h2" fz="lg" fw={650}>
            {title}
          </Modal.Title>
          {onClose && <Modal.CloseButton aria-label={t('close')} />}
        </Modal.Header>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}

function ignore() {}
