#!/usr/bin/env bash
# The SDKs that test/system/tools/serve.test.ts runs, of the versions that it was written with, in a folder of their own. Needs
# python3 with venv, and npm. What is there already stays.
set -euo pipefail

folder=${AUTHSOCK_TEST_CLIENTS:-$HOME/.cache/authsock-test-clients}/sdks
python=(awscli==1.46.2 boto3==1.44.5 google-auth==2.62.2 requests==2.34.2 azure-identity==1.27.0)
node=(@aws-sdk/credential-provider-http@3.972.86 google-auth-library@11.3.4 @azure/identity@4.14.1)

wanted="${python[*]} ${node[*]}"
if [ "$(cat "$folder/installed" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

rm -rf "$folder"
mkdir -p "$folder/node"
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet --disable-pip-version-check "${python[@]}"
echo '{ "private": true, "type": "module" }' >"$folder/node/package.json"
npm install --prefix "$folder/node" --silent --no-audit --no-fund --ignore-scripts --save-exact "${node[@]}"
echo "$wanted" >"$folder/installed"
