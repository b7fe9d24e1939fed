import { bearerTemplate, headerTemplate, type SecretTemplate } from './secret-template.js';

/** Models, speech, translation, vector search. */
export const artificialIntelligence: readonly SecretTemplate[] = [
  headerTemplate('anthropic', 'x-api-key', {
    name: 'Anthropic',
    hosts: ['api.anthropic.com'],
    requiredHeaders: { 'anthropic-version': '2023-06-01' },
    docs: 'https://docs.anthropic.com/en/api/overview',
  }),
  bearerTemplate('openai', {
    name: 'OpenAI',
    hosts: ['api.openai.com'],
    docs: 'https://platform.openai.com/docs/api-reference/authentication',
  }),
  headerTemplate('google-gemini', 'x-goog-api-key', {
    name: 'Google Gemini',
    hosts: ['generativelanguage.googleapis.com'],
    docs: 'https://ai.google.dev/gemini-api/docs/api-key',
  }),
  headerTemplate('elevenlabs', 'xi-api-key', {
    name: 'ElevenLabs',
    hosts: ['api.elevenlabs.io'],
    docs: 'https://elevenlabs.io/docs/api-reference/authentication',
  }),
  headerTemplate('deepgram', 'Authorization', {
    name: 'Deepgram',
    format: 'Token {token}',
    hosts: ['api.deepgram.com'],
    docs: 'https://developers.deepgram.com/docs/authenticating',
  }),
  headerTemplate('deepl', 'Authorization', {
    name: 'DeepL',
    format: 'DeepL-Auth-Key {token}',
    hosts: ['api.deepl.com', 'api-free.deepl.com'],
    docs: 'https://developers.deepl.com/docs/getting-started/auth',
  }),
  headerTemplate('pinecone', 'Api-Key', {
    name: 'Pinecone',
    hosts: ['api.pinecone.io', '*.pinecone.io'],
    docs: 'https://docs.pinecone.io/reference/api/authentication',
  }),
  bearerTemplate('mistral', {
    name: 'Mistral AI',
    hosts: ['api.mistral.ai'],
    docs: 'https://docs.mistral.ai/api/',
    unverified: true,
  }),
  bearerTemplate('cohere', {
    name: 'Cohere',
    hosts: ['api.cohere.com'],
    docs: 'https://docs.cohere.com/reference/about',
    unverified: true,
  }),
  bearerTemplate('groq', {
    name: 'Groq',
    hosts: ['api.groq.com'],
    docs: 'https://console.groq.com/docs/quickstart',
    unverified: true,
  }),
];
