// The page works without this module, but for the popup and the list of records. Here forms answer in place.
import AlterConnect from '/assets/alter-connect.js';

const alterConnect = AlterConnect.create();

/** Puts the page that the server sent in place of the one that is shown. */
function show(text) {
  const next = new DOMParser().parseFromString(text, 'text/html');
  const page = document.querySelector('#page');
  const records = document.querySelector('#records');
  const focused = document.activeElement?.id;
  page.replaceChildren(...next.querySelector('#page').childNodes);
  document.querySelector('.bar').replaceWith(next.querySelector('.bar'));
  // The old list stays until the new one is there, so that nothing jumps.
  const list = document.querySelector('#records');
  if (list && records) {
    list.replaceChildren(...records.childNodes);
    for (const record of list.querySelectorAll('.current')) record.classList.remove('current');
  }
  // Whoever works by keyboard goes on where they were, or at what the page has to say.
  const place = (focused && document.getElementById(focused)) || document.querySelector('.notice') || page;
  place?.focus({ preventScroll: place === page });
  enliven();
}

async function load(address, options) {
  const response = await fetch(address, options).catch(() => undefined);
  const isPage = response?.headers.get('content-type')?.startsWith('text/html');
  if (isPage) show(await response.text());
  else location.assign('/');
}

async function submit(form, button) {
  const body = new URLSearchParams(new FormData(form, button));
  button?.setAttribute('aria-busy', 'true');
  await load(form.action, { method: 'POST', body });
}

document.addEventListener('submit', (event) => {
  const button = event.submitter;
  // The redirect and the sign-out leave the page.
  if (button?.hasAttribute('data-leaves')) return;
  event.preventDefault();
  if (button?.getAttribute('aria-busy') !== 'true') void submit(event.target, button);
});

async function requestSession({ connect, another = 'no', repairs = 'no' }) {
  const body = new URLSearchParams({ another, repairs });
  const response = await fetch(`/connect/${connect}/session`, { method: 'POST', body });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer.session_token;
}

const tell = (query) => load(`/connected?${new URLSearchParams(query)}`);

document.addEventListener('click', (event) => {
  const button = event.target.closest?.('[data-connect], [data-connect-at]');
  if (!button) return;
  const { connectAt, ...wish } = button.dataset;
  if (connectAt) wish.connect = document.getElementById(connectAt).value;
  alterConnect.open({
    // The window opens now, in the click, and goes to the connect page when the token is there.
    token: () => requestSession(wish),
    onSuccess: () => tell({ alter_connect_success: 'true' }),
    onExit: () => tell({ error_code: 'closed' }),
    onError: (error) => {
      if (error.code !== 'popup_blocked') void tell({ error_code: error.code });
    },
  });
});

// On phones the library leaves by redirect; this is where its result arrives.
alterConnect.on('success', () => {});

const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

function localizeTimes(root) {
  for (const time of root.querySelectorAll('time')) {
    const date = new Date(time.dateTime);
    if (!Number.isNaN(date.getTime())) time.textContent = timeFormat.format(date);
  }
}

let reading = 0;

/** Reads the records; what happened is written a moment after its answer, so they are asked for again. */
async function readRecords() {
  const place = document.querySelector('#records');
  if (!place) return;
  reading += 1;
  const turn = reading;
  for (const waitMs of [0, 300, 500, 800, 1500, 3000]) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    const response = await fetch(place.dataset.src).catch(() => undefined);
    if (turn !== reading) return;
    if (!response?.ok) {
      place.textContent = 'The audit trail cannot be read now.';
      return;
    }
    const next = new DOMParser().parseFromString(await response.text(), 'text/html').body;
    if (turn !== reading) return;
    localizeTimes(next);
    const isComplete = next.querySelector('[data-complete="no"]') === null;
    place.replaceChildren(...next.childNodes);
    if (isComplete && waitMs >= 800) return;
  }
}

function enliven() {
  localizeTimes(document);
  void readRecords();
}

enliven();
