/** A provider that the demo sends messages with. */
export interface DemoProvider {
  /** Id in the app's configuration at the vault; also the emulator's realm, but for Acme's `oidc`. */
  readonly id: string;
  readonly realm: string;
  readonly name: string;
  /** What is special about it, in a few words. */
  readonly hint: string;
  readonly messagesUrl: string;
}

/** The three emulated providers that `npm start` configures. */
export function listProviders(emulatorUrl: string): readonly DemoProvider[] {
  return [
    {
      id: 'acme',
      realm: 'oidc',
      name: 'Acme',
      hint: 'A provider of your own. Strict: a refresh token works once.',
      messagesUrl: `${emulatorUrl}/api/messages`,
    },
    {
      id: 'google',
      realm: 'google',
      name: 'Google',
      hint: 'The catalogue’s entry, answered by an emulated Google.',
      messagesUrl: `${emulatorUrl}/p/google/api/messages`,
    },
    {
      id: 'slack',
      realm: 'slack',
      name: 'Slack',
      hint: 'Emulated too. Says “no” inside a 200 answer, as Slack does.',
      messagesUrl: `${emulatorUrl}/p/slack/api/messages`,
    },
  ];
}
