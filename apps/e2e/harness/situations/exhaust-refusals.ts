/** Sends calls without a signature until the vault stops recording them one by one (T5). */
export async function exhaustRefusals(vaultUrl: string): Promise<void> {
  for (let round = 0; round < 60; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const response = await fetch(`${vaultUrl}/sdk/grants/list`, { method: 'POST', body: '{}' });
        await response.body?.cancel();
        return response.status;
      }),
    );
    if (answers.includes(429)) return;
  }
  throw new Error('3,000 refused calls and no limit');
}
