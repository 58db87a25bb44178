/** The values of the contract, as the published JSON has them. */

/** A type of email address. */
export type EmailType = 'primary' | 'other';

/** An email address of a user. */
export interface Email {
  /** The address itself. It is passed on as given; the provider judges its form. Blank counts as missing. */
  email: string;
  /** Left out, it says nothing: the primary address is the first of type `primary`, else the first. */
  type?: EmailType | null;
}

/** A role of a user. Which values are accepted, and whether by name or by id, depends on the integration. */
export interface Role {
  /** The provider's identifier of the role. */
  id?: string | null;
  /** The provider's name of the role. */
  name?: string | null;
}

/** Something that a user belongs to or is created in, such as a project. */
export interface Collection {
  /** The provider's identifier of the collection. */
  id: string;
  /** What it is, such as `project`. */
  type?: string;
}

/** A user as the provider gave it, in unified terms. A field that the provider did not give is absent. */
export interface User {
  /** The user's identifier; the one that `updateUser` takes. */
  id?: string;
  /** The full name. Where the provider has none: first name, space, last name. */
  name?: string;
  /** The first name. */
  first_name?: string;
  /** The last name. */
  last_name?: string;
  /** The name the user signs in with. */
  username?: string;
  /** The email addresses, the primary one first. */
  emails?: Email[];
  /** Whether the user may sign in. */
  is_active?: boolean;
  /** The identifiers of the teams that the user is a member of. */
  team_ids?: string[];
  /** The URL of the user's picture. */
  avatar?: string;
  /** The roles that the user has. */
  roles?: Role[];
  /**
   * When the user was created: RFC 3339 in UTC, ending in `Z`, the fraction as the provider gave it. What cannot be read as a time
   * is passed on as it came.
   */
  created_at?: string;
  /** When the user was last changed, in the form of `created_at`. */
  updated_at?: string;
  /** The version of this state of the user. */
  etag?: string;
  /** The provider's whole response body. Absent where the options leave it out. */
  remote_data?: unknown;
}

/** A user in the format `normalized`: exactly the documented fields, `null` where the provider gave none. */
export type NormalizedUser = { [Field in Exclude<keyof User, 'remote_data'>]-?: Exclude<User[Field], undefined> | null };

/** A user to create. Which fields an integration requires and supports is in the table of the product's README. */
export interface NewUser {
  /** The first name. */
  first_name?: string | null;
  /** The last name. */
  last_name?: string | null;
  /** The full name. It is never split, and never cut. */
  name?: string | null;
  /**
   * The email addresses. The first of type `primary`, else the first, becomes the provider's own; where the provider has no place
   * for the others, each is a warning `surplus-value`.
   */
  emails?: Email[] | null;
  /** The roles. */
  roles?: Role[] | null;
  /** The nick name. */
  nick_name?: string | null;
  /** Custom fields, in the provider's own terms. */
  custom_fields?: unknown;
  /** The URL of a picture. */
  avatar?: string | null;
  /**
   * A JSON object merged into the provider's request last, deeply: objects merge, anything else replaces what the mapping set. It
   * never satisfies a required field.
   */
  remote_data?: Record<string, unknown> | null;
}

/**
 * Changes to a user. What is left out keeps its value, `null` clears it, and a list given replaces the list. A change that would
 * send nothing is a violation `empty-update`.
 */
export interface UserChanges extends Omit<NewUser, 'emails'> {
  /** The email addresses. They cannot be cleared. */
  emails?: Email[];
}

/** Which users to list. */
export interface UserQuery {
  /**
   * Only users that have this address, in any case of its letters. `cursor` and `limit` do not go with it: the page has every such
   * user.
   */
  email?: string;
  /** Where to go on: the `next_cursor` of the page before. */
  cursor?: string | null;
  /** The most users of a page, from 1 to 500. Left out, it is 100. */
  limit?: number;
}

/** A page of a list, in the provider's order. */
export interface UserPage<Item = User> {
  /** The users. The `remote_data` of each is its own JSON in the provider's response. */
  result: Item[];
  /** The cursor of the next page; `null` on the last one. */
  next_cursor: string | null;
  /** Always `null`. */
  prev_cursor: null;
  /** How many users there are in this page. */
  result_count: number;
}

/** A user that was deleted, in the provider's sense. */
export interface DeletedUser {
  /** The identifier that the user had. */
  id: string;
}

/** What sending a request twice would do: nothing, no more than sending it once, or again what was done. */
export type Safety = 'safe' | 'idempotent' | 'once';

/** The request that a call would send. Nothing was sent. */
export interface Plan {
  /** The integration's name. */
  integration: string;
  /** The operation, such as `create-user`. */
  operation: string;
  /** The HTTP method. */
  method: string;
  /** The absolute URL. */
  url: string;
  /** Names and values of the headers. What authenticates is `***`. */
  headers: [string, string][];
  /** The body, which is JSON; `null` for none. */
  body: unknown;
  /** What sending it twice would do. */
  safety: Safety;
  /** What is not taken over from the input. */
  warnings: Finding[];
}

/** What is wrong with, or notable about, one location of the input or of the response. */
export type FindingCode =
  /** Something required is missing or blank, or a list that needs an entry is empty. */
  | 'required'
  /** The value has the wrong JSON type. */
  | 'type'
  /** The value is not one of those accepted. */
  | 'enum'
  /** The string cannot be what it must be: an identifier, a UUID, JSON. */
  | 'format'
  /** More than one value where only one is taken. */
  | 'too-many'
  /** A name that this API does not know. */
  | 'unknown-field'
  /** A field of this API that the integration does not take. */
  | 'unsupported-field'
  /** A member that an object has twice. */
  | 'duplicate-member'
  /** A field that cannot be emptied. */
  | 'not-clearable'
  /** A change that would send nothing. */
  | 'empty-update'
  /** A further value that the provider has no place for; it was not sent. */
  | 'surplus-value'
  /** The provider responded without the user's identifier. */
  | 'id-missing'
  /** An idempotency key was given; it is not honoured. */
  | 'idempotency-key-ignored'
  /** The response to a creation was lost or of no use, and the user was found by the address. */
  | 'settled'
  /** The last of a list that was too long: the message has the number of those left out. */
  | 'more';

/** One finding: a warning did not stop the call, a violation did. */
export interface Finding {
  /** What kind it is, for programs. */
  code: FindingCode;
  /** Where in a request it is. */
  in: 'body' | 'query' | 'path' | 'header';
  /** Where exactly: in a body a JSON Pointer (RFC 6901), else a name. */
  path: string;
  /** A sentence for people: what was expected, what was found. Do not match on it. */
  message: string;
}

/** What a call did. */
export type CallResult =
  /** Read, and changed nothing. */
  | 'read'
  /** Created the user. */
  | 'created'
  /** Changed the user. */
  | 'updated'
  /** Found the user as it was to be, and changed nothing. */
  | 'unchanged'
  /** Found the user, who was there before or may have been. */
  | 'found'
  /** Created the user, though the response to it was lost: the user was found. */
  | 'settled'
  /** Deleted the user, in the provider's sense. */
  | 'deleted'
  /** Showed the request, and sent nothing. */
  | 'planned';

/** The provider's rate limit as it stood with a response. */
export interface RateLimit {
  /** Requests allowed in a window. */
  limit?: number;
  /** Requests left in this window. */
  remaining?: number;
  /** Seconds until the window starts anew. */
  reset?: number;
}

/** What happened when all went well. */
export interface Response<Body> {
  /** The response in the form asked for. */
  body: Body;
  /** The exact text of the body. `JSON.parse` rounds numbers of many digits; here every digit stays. */
  text: string;
  /** What the call did. */
  result: CallResult;
  /** What was not taken over from the input, and what the response lacks. */
  warnings: Finding[];
  /** Of a list: where the next page goes on, in the format `raw` too. */
  nextCursor?: string;
  /** The provider's rate limit, where it says so. */
  rateLimit?: RateLimit;
}

/**
 * The form of a response. `unified`: the unified fields that the provider gave, and `remote_data`. `raw`: the provider's body.
 * `normalized`: exactly the documented fields. `debug`: the unified response, and what went over the wire, authentication as `***`.
 */
export type Format = 'unified' | 'raw' | 'normalized' | 'debug';

/** The body of a response that has a user, in a format. */
export type UserBody<F extends Format> = F extends 'unified' ? User : F extends 'normalized' ? NormalizedUser : unknown;
/** The body of a response that has a page of users, in a format. */
export type PageBody<F extends Format> = F extends 'unified'
  ? UserPage
  : F extends 'normalized'
    ? UserPage<NormalizedUser>
    : unknown;
/** The body of a response to a deletion, in a format. */
export type DeletedBody<F extends Format> = F extends 'unified' | 'normalized' ? DeletedUser : unknown;

/** How a call is made and responded to. */
export interface Options<F extends Format = Format> {
  /** The form of the response; `unified` unless said otherwise. */
  format?: F;
  /** Leaves `remote_data` out of the response. */
  ignoreRemoteData?: boolean;
  /** Names of top-level fields of the response to leave out (`first_name`). An unknown name is a warning. */
  excludeFields?: string[];
  /**
   * Parameters added to the provider's query, in this order, untransformed. One wins over a parameter of the same name that the
   * mapping sets. Naming one that authenticates is a violation, and in a list one that pages or filters.
   */
  remoteQuery?: Record<string, string> | [string, string][];
  /** Collections that the call needs, such as Pivotal Tracker's project. */
  collections?: Collection[];
  /** Makes fields that are unsupported or unknown violations instead of warnings. */
  strict?: boolean;
  /** How long the whole call may take, the look-up of the account included, in milliseconds; 20,000 unless said otherwise. */
  deadline?: number;
  /**
   * Ends the call with the signal's reason, but only before the provider may have a request that changes something: after that the
   * call goes on to its end.
   */
  signal?: AbortSignal;
}

/** How a user is created. */
export interface CreateOptions<F extends Format = Format> extends Options<F> {
  /**
   * What to do where the provider has a user of the address. `fail`, the default: create, and let the provider decide. `keep`: look
   * first, and return the user that is there. `update`: look first, and change the fields given that differ.
   */
  ifExists?: 'fail' | 'keep' | 'update';
  /** Whether to look for the user where the outcome would be `unknown`; `true` unless said otherwise. */
  settle?: boolean;
  /** You have looked, and the user is not there. Of use with hosts that keep earlier creations; this one keeps none. */
  resend?: boolean;
}

/**
 * An account of one integration, as in the array of `UNIFIED_TICKETING_ACCOUNTS_JSON`. Every value is a string.
 */
export interface Account {
  /** A UUID, by which calls name the account. */
  id: string;
  /** The integration's name, such as `pivotal_tracker`. */
  integration: string;
  /** A name for people. */
  name?: string;
  /** Replaces the integration's own base URL, path prefix included, and may lead to any address, by `http:` too. */
  base_url?: string;
  /** The settings that the integration needs, such as a subdomain. */
  settings?: Record<string, string>;
  /** Its credentials. White space at the ends, and a pasted `Bearer` before a token, are not part of them. */
  credentials?: Record<string, string>;
}

/**
 * Where accounts come from: all of them, or a function that looks one up by its id (in lower case), for every call. `undefined` or
 * `null` says that there is no such account; a function that throws makes the call fail with `account-unusable`, without its text.
 */
export type Accounts = readonly Account[] | ((id: string) => AccountOrNone | Promise<AccountOrNone>);

/** An account, or none. */
export type AccountOrNone = Account | null | undefined;

/**
 * What is known of the provider's state after a failure. `not-sent`: nothing was changed, and sending it again is safe. `rejected`:
 * the provider rejected the request, nothing was changed. `unknown`: the provider may have acted; look before sending a creation
 * again.
 */
export type Outcome = 'not-sent' | 'rejected' | 'unknown';

/** Why a call failed. */
export type ErrorCode =
  /** The input has violations. */
  | 'invalid-request'
  /** No bearer token, or a wrong one. Of `serve` alone. */
  | 'unauthorized'
  /** The token is not for this operation. Of `serve` alone. */
  | 'forbidden'
  /** There is no account of that id. */
  | 'unknown-account'
  /** No such path in the HTTP API. Of `serve` alone. */
  | 'route-not-found'
  /** The path exists, the method does not. Of `serve` alone. */
  | 'method-not-allowed'
  /** The integration does not have this operation. */
  | 'unsupported-operation'
  /** The request body is over 1 MiB. */
  | 'body-too-large'
  /** The request body is declared to be something other than JSON in UTF-8, or compressed. Of `serve` alone. */
  | 'unsupported-media-type'
  /** The request's body ended early. Of `serve` alone. */
  | 'malformed-request'
  /** The account's settings, credentials or base URL cannot be used; the message names the fault. */
  | 'account-unusable'
  /** The provider found the request invalid. */
  | 'provider-invalid'
  /** The provider did not accept the credentials. */
  | 'provider-unauthorized'
  /** The credentials do not allow this. */
  | 'provider-forbidden'
  /** The provider does not know the user, or something that the request names. */
  | 'provider-not-found'
  /** The provider already has such a user. */
  | 'provider-conflict'
  /** Too many requests to the provider; see `retryAfter`. */
  | 'provider-rate-limited'
  /** The provider rejected with another status, kept in `status`. */
  | 'provider-rejected'
  /** The provider failed (its 5xx). */
  | 'provider-failed'
  /** The provider's response cannot be used: a redirect, not JSON, not a JSON object, cut short, compressed. */
  | 'invalid-response'
  /** The response is larger than 4 MiB. */
  | 'response-too-large'
  /** No connection to the provider could be made. */
  | 'no-connection'
  /** The connection broke after it had the request, before a response began. */
  | 'connection-lost'
  /** The request was not sent: to another origin than the account's, or one that creates, in a browser. */
  | 'egress-denied'
  /** The deadline passed. */
  | 'deadline'
  /** The component trapped. */
  | 'guest-trap'
  /** The component asked for more requests than a call may send. */
  | 'limit-exceeded';
