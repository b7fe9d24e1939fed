/** A message in an account's box. */
export type Message = { id: string; to: string; text: string; sent_at: string };

/** Messages of every account of every server in the process. */
export type MessageBox = {
  list(realm: string, subject: string): Message[];
  send(realm: string, subject: string, to: string, text: string): Message;
};

/** Makes the boxes; each begins with one message. `now` gives milliseconds since 1970. */
export function createMessageBox(now: () => number): MessageBox {
  const boxes = new Map<string, Message[]>();
  function open(realm: string, subject: string): Message[] {
    const key = `${realm}/${subject}`;
    const box = boxes.get(key) ?? [
      { id: 'msg_1', to: subject, text: 'Welcome.', sent_at: new Date(now()).toISOString() },
    ];
    boxes.set(key, box);
    return box;
  }
  return {
    list: (realm, subject) => [...open(realm, subject)],
    send(realm, subject, to, text) {
      const box = open(realm, subject);
      const message = { id: `msg_${box.length + 1}`, to, text, sent_at: new Date(now()).toISOString() };
      box.push(message);
      return message;
    },
  };
}
