import '@mantine/core/styles/Notification.layer.css'
import '@mantine/notifications/styles.layer.css'
import { type NotificationData, Notifications, notifications } from '@mantine/notifications'

export default function Toasts() {
  return <Notifications position="bottom-right" />
}

export function showToast(data: NotificationData): void {
  notifications.show(data)
}
