export async function test(_tiers: string[]): Promise<void> {}
