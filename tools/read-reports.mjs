// What the test runners wrote, as counts and as the names of what failed: a log that is cut at its head still says which.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const missing = { passed: 0, failed: 1, skipped: 0, failures: ['the runner left no report'] };
const firstLines = (message) => (message ?? '').split('\n').slice(0, 6).join('\n      ').slice(0, 800);

export function readVitest(file, root) {
  if (!existsSync(file)) return missing;
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const failures = report.testResults.flatMap((result) => {
    const path = relative(root, result.name);
    // A file that could not even be loaded has no test to blame.
    if (result.status === 'failed' && result.assertionResults.length === 0)
      return [`${path}\n      ${firstLines(result.message)}`];
    return result.assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => `${path} › ${test.fullName}\n      ${firstLines(test.failureMessages?.[0])}`);
  });
  return {
    passed: report.numPassedTests,
    failed: Math.max(failures.length, report.numFailedTests),
    skipped: report.numPendingTests + report.numTodoTests,
    failures,
  };
}

function listPlaywrightFailures(suite, parents) {
  const titles = suite.title ? [...parents, suite.title] : parents;
  const own = (suite.specs ?? [])
    .filter((spec) => !spec.ok)
    .map((spec) => {
      const error = spec.tests.flatMap((test) => test.results).find((result) => result.error)?.error;
      return `${[...titles, spec.title].join(' › ')}\n      ${firstLines(error?.message)}`;
    });
  return [...own, ...(suite.suites ?? []).flatMap((inner) => listPlaywrightFailures(inner, titles))];
}

export function readPlaywright(file) {
  if (!existsSync(file)) return missing;
  const { stats, suites, errors } = JSON.parse(readFileSync(file, 'utf8'));
  const failures = suites.flatMap((suite) => listPlaywrightFailures(suite, []));
  return {
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected + (errors ?? []).length,
    skipped: stats.skipped,
    failures: [...failures, ...(errors ?? []).map((error) => firstLines(error.message))],
  };
}
