/** One thing that was looked at. */
export interface DoctorCheck {
  readonly name: string;
  /** `failed`: something does not work. `warning`: it works, and will not, or not as meant. `info`: for the reader. */
  readonly status: 'ok' | 'warning' | 'failed' | 'info';
  readonly message: string;
}
