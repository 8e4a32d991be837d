/** The daemon's log: one JSON object a line on standard error, by pino. */
import { type Logger, pino } from 'pino';
import type { LogLevel } from './option-values.js';

export type { Logger } from 'pino';

/** Written synchronously: a line that was logged is there, whatever happens next. */
export function makeLogger(level: LogLevel): Logger {
  const toStandardError = pino.destination({ dest: 2, sync: true });
  return pino({ name: 'uipvsd', level, timestamp: pino.stdTimeFunctions.isoTime }, toStandardError);
}
