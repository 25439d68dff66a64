// Alone knows how the IAM simulator is asked: everything in by stdin as JSON, every answer out by stdout.
//
// In: {policies: [document], principals: [{arn, identity: [index], boundary: index?, control: index?, session: index?}],
//      requests: [{action, resource, account, context, unlisted: boolean, resourcePolicy: document?}],
//      mutants: [{statement, grows: boolean, documents: {index: document}}]}
// Out: {requests: [null | "unsafe" | why it cannot be asked], answers: [[answer per request] per principal],
//       mutants: [null | [principal, request, answer]]}: the first answer that a mutant changes.
//
// The simulator's safe mode checks a request against AWS's service authorization data, which takes it
// ten times as long as judging it. So each request is checked once, by a policy that allows everything, and
// then judged for everybody by the same engine without the check, which it calls its unsafe mode.
import { validateIdentityPolicy, validateResourcePolicy, validateServiceControlPolicy, validateTrustPolicy } from '@cloud-copilot/iam-policy'
import { isWildcardOnlyAction, runSimulation, runUnsafeSimulation } from '@cloud-copilot/iam-simulate'

const EVERYTHING = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
const ALL_AWS = { name: 'FullAWSAccess', policy: EVERYTHING }

// AWS's data has encryption contexts as a pattern, and the simulator knows whole names only: this one is judged by the
// name of another key of the same actions, which no policy of ours has.
const OF_A_TOPIC = 'kms:EncryptionContext:aws:sns:topicArn'

function valid(validate, document) {
  const errors = validate(document)
  if (errors.length > 0) throw new Error(`${JSON.stringify(errors)} in ${JSON.stringify(document)}`)
  return document
}

function named(document) {
  return [{ name: 'policy', policy: document }]
}

// The simulator compares every key of a condition by the rules of a language, a third of its time. What has ASCII alone
// is equal without regard to case where its small letters are.
const ASCII = /^[\x20-\x7e]*$/
const { localeCompare } = String.prototype
String.prototype.localeCompare = function (other, locales, options) {
  if (options?.sensitivity !== 'accent' || !ASCII.test(this) || !ASCII.test(other)) return localeCompare.call(this, other, locales, options)
  const [one, two] = [this.toLowerCase(), other.toLowerCase()]
  return one < two ? -1 : Number(one > two)
}

const NOTHING = { Effect: 'Deny', Action: 'none:None', Resource: '*' }

// The document with only those statements that bear on the request: the simulator takes its time over the others, and
// answers the same. Where none does, one that denies an action that does not exist, for a document must have one.
function relevant(document, request) {
  const statements = bearing(document, request)
  return named({ ...document, Statement: statements.length > 0 ? statements : [NOTHING] })
}

const numbers = new Map() // text of a statement -> its number
const numbered = new WeakMap() // statement -> its number

function numberOf(statement) {
  if (!numbered.has(statement)) {
    const text = JSON.stringify(statement)
    if (!numbers.has(text)) numbers.set(text, numbers.size)
    numbered.set(statement, numbers.get(text))
  }
  return numbered.get(statement)
}

// What an answer depends on: the statements that bear on the request, by what they are held; who asks only where a
// condition may ask for it, or the resource has a policy of its own.
function situation(principal, request, documents) {
  const held = [principal.identity, [principal.boundary], [principal.control], [principal.session]]
  const statements = held.map((indexes) =>
    indexes.filter((index) => index !== undefined).map((index) => bearing(documents[index], request))
  )
  const key = statements.map((each) => each.map((document) => document.map(numberOf)))
  const asksWho = request.resourcePolicy || JSON.stringify(statements).includes('aws:PrincipalA')
  return JSON.stringify([request.number, key, asksWho ? principal.arn : ''])
}

function simulation(principal, request, documents) {
  const control = principal.control
  return {
    request: {
      principal: principal.arn,
      action: request.action,
      resource: { resource: request.resource, accountId: request.account },
      contextVariables: {
        ...request.context,
        'aws:PrincipalArn': principal.arn,
        'aws:PrincipalAccount': principal.arn.split(':')[4]
      }
    },
    identityPolicies: principal.identity.flatMap((index) => relevant(documents[index], request)),
    permissionBoundaryPolicies:
      principal.boundary === undefined ? undefined : relevant(documents[principal.boundary], request),
    serviceControlPolicies:
      control === undefined
        ? []
        : [{ orgIdentifier: 'o-organization', policies: [ALL_AWS, ...relevant(documents[control], request)] }],
    resourceControlPolicies: [],
    resourcePolicy: request.resourcePolicy
  }
}

// null if the request is one that AWS's data knows, "unsafe" if its ARN alone is not, or its action not yet, else why
// it cannot be asked.
async function check(request) {
  if (request.unlisted) return 'unsafe'
  const anybody = { arn: `arn:aws:iam::${request.account}:role/Anybody`, identity: [0] }
  const result = await runSimulation(simulation(anybody, request, [EVERYTHING]), {})
  if (result.resultType === 'error') {
    return result.errors.message === 'no.resource.types' ? 'unsafe' : result.errors.message
  }
  const ignored = result.result.ignoredContextKeys
  if (ignored.length > 0) throw new Error(`${request.action} knows no ${ignored.join(', ')}`)
  return null
}

function held(principal) {
  const limits = [principal.boundary, principal.control, principal.session]
  return [...principal.identity, ...limits].filter((index) => index !== undefined)
}

const decided = new Map() // situation -> what was decided

async function decide(principal, request, documents) {
  const key = situation(principal, request, documents)
  if (!decided.has(key)) decided.set(key, await simulate(principal, request, documents))
  return decided.get(key)
}

// Only the safe mode knows that an action takes no resource, so that an ARN in a policy does not match it, and
// can judge a resource's own policy.
async function simulate(principal, request, documents) {
  const decision = await withoutSession(principal, request, documents)
  if (principal.session === undefined || decision !== 'Allowed') return decision
  // The unsafe mode passes a session policy over. A session may do what its role may and its policy allows.
  return withoutSession({ arn: principal.arn, identity: [principal.session] }, request, documents)
}

async function withoutSession(principal, request, documents) {
  const asked = simulation(principal, request, documents)
  if (!request.takesNoResource && !request.resourcePolicy) return runUnsafeSimulation(asked, {})
  const result = await runSimulation(asked, {})
  if (result.resultType === 'error') throw new Error(JSON.stringify(result.errors))
  return result.overallResult
}

// "Allowed", "ImplicitlyDenied", or "ExplicitlyDenied: " and each statement that denies.
async function answer(principal, request, documents) {
  // What no policy names, IAM denies without a word: the simulator need not be asked.
  const named = held(principal).some((index) => documents[index].Statement.some((each) => bearsOn(each, request)))
  if (!named && !request.resourcePolicy) return 'ImplicitlyDenied'
  const result = await decide(principal, request, documents)
  if (result !== 'ExplicitlyDenied') return result
  const statements = []
  for (const index of held(principal)) {
    for (const statement of documents[index].Statement) {
      if (statement.Effect !== 'Deny' || !bearsOn(statement, request)) continue
      const alone = [{ Version: '2012-10-17', Statement: [statement] }]
      const denied = await decide({ arn: principal.arn, identity: [0] }, request, alone)
      if (denied === 'ExplicitlyDenied') statements.push(statement.Sid)
    }
  }
  return `ExplicitlyDenied: ${[...new Set(statements)].sort().join(', ') || 'a policy of the resource'}`
}

const patterns = new Map()

function pattern(text) {
  if (!patterns.has(text)) {
    const escaped = text.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')
    patterns.set(text, new RegExp(`^${escaped}$`, 'i'))
  }
  return patterns.get(text)
}

const onActions = new WeakMap() // statement -> action -> whether it names it

function namesAction(statement, request) {
  if (statement.NotAction !== undefined) return true
  if (!onActions.has(statement)) onActions.set(statement, new Map())
  const known = onActions.get(statement)
  if (!known.has(request.action)) {
    known.set(request.action, [statement.Action].flat().some((each) => pattern(each).test(request.action)))
  }
  return known.get(request.action)
}

const onResources = new WeakMap() // statement -> resource -> whether it may name it

// A variable of a policy stands for any text here, and a request for every resource is one of each.
function mayNameResource(statement, request) {
  if (statement.Resource === undefined || request.resource.includes('*')) return true
  if (!onResources.has(statement)) onResources.set(statement, new Map())
  const known = onResources.get(statement)
  if (!known.has(request.resource)) {
    const texts = [statement.Resource].flat().map((each) => each.replaceAll(/\$\{[^}]*\}/g, '*'))
    known.set(request.resource, texts.some((each) => pattern(each).test(request.resource)))
  }
  return known.get(request.resource)
}

// Whether a statement can bear on a request at all.
function bearsOn(statement, request) {
  return namesAction(statement, request) && mayNameResource(statement, request)
}

function bearing(document, request) {
  return document.Statement.filter((each) => bearsOn(each, request))
}

// Whether a mutant's statement can change an answer: an allowance that goes, what is allowed; one that grows, what is
// denied by nobody in so many words; a denial, what it denies, or what it does not yet. What is left out by mistake
// makes a mutant survive, which a test tells.
function mayChange(mutant, baseline) {
  const { Effect, Sid } = mutant.statement
  const denies = baseline.startsWith('ExplicitlyDenied: ') && baseline.slice(18).split(', ').includes(Sid)
  if (Effect === 'Deny') return mutant.grows ? !denies : denies
  return baseline === (mutant.grows ? 'ImplicitlyDenied' : 'Allowed')
}

// Whether the same denial holds the principal by a policy that is not the mutant's: less of one changes nothing then.
function deniedAnyway(mutant, principal, input) {
  if (mutant.statement.Effect !== 'Deny' || mutant.grows) return false
  const number = numberOf(mutant.statement)
  return held(principal).some(
    (index) => !(index in mutant.documents) && input.policies[index].Statement.some((each) => numberOf(each) === number)
  )
}

async function firstChange(input, answers, mutant) {
  const documents = input.policies.map((each, index) => mutant.documents[index] ?? each)
  const touched = Object.keys(mutant.documents).map(Number)
  for (const [who, principal] of input.principals.entries()) {
    if (!held(principal).some((index) => touched.includes(index))) continue
    if (deniedAnyway(mutant, principal, input)) continue
    for (const [which, request] of input.requests.entries()) {
      const baseline = answers[who][which]
      if (baseline === null || !namesAction(mutant.statement, request) || !mayChange(mutant, baseline)) continue
      const changed = await answer(principal, request, documents)
      if (changed !== baseline) return [who, which, changed]
    }
  }
  return null
}

async function main() {
  const chunks = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  const input = JSON.parse(Buffer.concat(chunks).toString().replaceAll(OF_A_TOPIC, 'kms:RequestAlias'))
  const controls = new Set(input.principals.map((each) => each.control))
  input.policies.forEach((each, index) => {
    valid(controls.has(index) ? validateServiceControlPolicy : validateIdentityPolicy, each)
  })
  const checked = []
  for (const [number, request] of input.requests.entries()) {
    request.number = number
    const [service, action] = request.action.split(':')
    const isTrust = request.action.startsWith('sts:')
    if (request.resourcePolicy !== undefined) valid(isTrust ? validateTrustPolicy : validateResourcePolicy, request.resourcePolicy)
    const why = await check(request)
    request.expressible = why === null || why === 'unsafe'
    request.takesNoResource =
      request.expressible && !request.unlisted && (await isWildcardOnlyAction(service, action))
    checked.push(why)
  }
  const answers = []
  for (const principal of input.principals) {
    const row = []
    for (const request of input.requests) {
      row.push(request.expressible ? await answer(principal, request, input.policies) : null)
    }
    answers.push(row)
  }
  const mutants = []
  for (const mutant of input.mutants) mutants.push(await firstChange(input, answers, mutant))
  process.stdout.write(JSON.stringify({ requests: checked, answers, mutants }))
}

await main()
