/** Where a custom domain is served on this machine: under its first label. @param port of the gateway */
export const localAddress = (hostname: string, port: number) => `http://${hostname.split(".")[0]}.localhost:${port}/`;
