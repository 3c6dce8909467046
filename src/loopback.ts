/** Whether only this machine can reach the host (a name or an address, IPv6 with or without brackets). */
export const isLoopback = (host: string): boolean =>
  /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host)
