// The types of the package are those of the OpenAPI document: this compiles only if they are.

import type * as ours from 'unified-ticketing';

import type { components } from './schema.js';

type Published = components['schemas'];
type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : never) : never;
type SameKeys<One, Other> = Same<keyof One, keyof Other>;
/** Hosts with a store or limits of their own have more. */
type Among<One, Other> = [One] extends [Other] ? true : never;

export const checks: [
  SameKeys<ours.User, Published['User']>,
  SameKeys<ours.NewUser, Published['NewUser']>,
  SameKeys<ours.UserChanges, Published['UserChanges']>,
  SameKeys<ours.UserPage, Published['UserPage']>,
  SameKeys<ours.DeletedUser, Published['DeletedUser']>,
  SameKeys<ours.Plan, Published['Plan']>,
  SameKeys<ours.ErrorBody, Published['Error']>,
  SameKeys<ours.Finding, Published['Violation']>,
  Same<ours.EmailType, Published['EmailType']>,
  Same<ours.Format, Published['ResponseFormat']>,
  Same<ours.Outcome, Published['Outcome']>,
  Same<ours.Safety, Published['Safety']>,
  Among<ours.ErrorCode, Published['ErrorCode']>,
  Among<ours.FindingCode, Published['FindingCode']>,
] = [true, true, true, true, true, true, true, true, true, true, true, true, true, true];
