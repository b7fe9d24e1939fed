/** One row of the table: two sides and their ratio. */
export interface Row {
  readonly id: string;
  readonly work: string;
  readonly measured: string;
  readonly compared: string;
  readonly ratio: string;
  readonly target: string;
}
