import { createBareApi } from '@/api/client'

/** What is asked before the first door needs no token, and must not borrow one. */
export const bareApi = createBareApi()
