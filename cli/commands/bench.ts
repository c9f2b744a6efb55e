export async function bench(_options: unknown): Promise<void> {}
