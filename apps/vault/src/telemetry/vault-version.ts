/** Version of the program; the packages of this repository have one in common. */
export const vaultVersion = '0.1.0';
