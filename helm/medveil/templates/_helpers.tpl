{{/* What each component is called, stands on and reaches. Configuration, volumes, probes and network policies follow from this table. */}}
{{- define "medveil.table" -}}
pkg: {name: pkg, variable: PKG, needs: [kafka, database, redis], reaches: [contract]}
contract: {name: contract, variable: CONTRACT, needs: [kafka, database, redis], reaches: [consensusNode]}
consensusNode: {name: consensus-node, variable: CONSENSUS_NODE, needs: [kafka, redis], reaches: [consensusNode]}
proxyCloud: {name: proxy-cloud, variable: PROXY_CLOUD, needs: [database, redis, objects], reaches: [contract]}
patientApi: {name: patient-api, variable: PATIENT_API, needs: [database, objects], reaches: [pkg, contract, proxyCloud]}
researchApi: {name: research-api, variable: RESEARCH_API, needs: [database, objects], reaches: [pkg, contract, proxyCloud]}
auditor: {name: auditor, variable: AUDITOR, needs: [database], reaches: [contract, proxyCloud]}
{{- end -}}

{{/* Arguments: list root component. → its row */}}
{{- define "medveil.row" -}}
{{- get (include "medveil.table" . | fromYaml) (last .) | toYaml -}}
{{- end -}}

{{/* Components that are installed, in the order of the table's use. */}}
{{- define "medveil.components" -}}
{{- $enabled := list -}}
{{- range $component := list "consensusNode" "contract" "pkg" "proxyCloud" "patientApi" "researchApi" "auditor" -}}
{{- if (get $.Values $component).enabled -}}{{- $enabled = append $enabled $component -}}{{- end -}}
{{- end -}}
{{- join "," $enabled -}}
{{- end -}}

{{- define "medveil.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Arguments: list root component-name. The pods of consensus-node are called replica-N, as the ledger calls them. */}}
{{- define "medveil.name" -}}
{{- $name := last . -}}
{{- printf "%s-%s" (include "medveil.fullname" (first .)) (ternary "replica" $name (eq $name "consensus-node")) -}}
{{- end -}}

{{- define "medveil.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" -}}
{{- end -}}

{{/* Arguments: list root component-name. What selects the pods: never changes. */}}
{{- define "medveil.selector" -}}
app.kubernetes.io/name: medveil
app.kubernetes.io/instance: {{ (first .).Release.Name }}
app.kubernetes.io/component: {{ last . }}
{{- end -}}

{{/* Arguments: list root component-name. Of objects; pods bear the selector's alone, so that a new version of the chart restarts nothing. */}}
{{- define "medveil.labels" -}}
{{- $root := first . -}}
{{ include "medveil.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: medveil
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ include "medveil.chart" $root }}
{{- end -}}

{{/* Arguments: list root image-name */}}
{{- define "medveil.image" -}}
{{- $root := first . -}}
{{- $image := $root.Values.image -}}
{{- $name := last . -}}
{{- $path := compact (list $image.registry $image.repository $name) | join "/" -}}
{{- with get $image.digests $name -}}
{{- printf "%s@%s" $path . -}}
{{- else -}}
{{- printf "%s:%s" $path (default $root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Kept when the release is removed: keys and data that nothing brings back. */}}
{{- define "medveil.keep" -}}
{{- if eq .Values.volumesWhenDeleted "Retain" }}
annotations:
  helm.sh/resource-policy: keep
{{- end }}
{{- end -}}

{{/* Arguments: dict persistence. Of a claim. */}}
{{- define "medveil.claim" -}}
accessModes: {{ default (list "ReadWriteOnce") .accessModes | toJson }}
{{- with .storageClass }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests:
    storage: {{ .size }}
{{- end -}}

{{/* Argument: a URL */}}
{{- define "medveil.portOf" -}}
{{- $url := urlParse . -}}
{{- default (ternary "443" "80" (eq $url.scheme "https")) (regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host)) -}}
{{- end -}}

{{/* The restricted profile of the pod security standards, whatever the image says. Argument: user and group. */}}
{{- define "medveil.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "medveil.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Arguments: list root component. → numbers of its instances, for components that have a name for each. */}}
{{- define "medveil.ordinals" -}}
{{- $values := get (first .).Values (last .) -}}
{{- untilStep (int $values.firstIndex) (int (add $values.firstIndex $values.replicas)) 1 | join "," -}}
{{- end -}}

{{/* The Service of an evaluation server. Arguments: list root server */}}
{{- define "medveil.server" -}}
{{- printf "%s-%s" (include "medveil.fullname" (first .)) (last .) -}}
{{- end -}}

{{- define "medveil.evaluationSecret" -}}
{{- include "medveil.fullname" . }}-evaluation
{{- end -}}

{{- define "medveil.hasKafka" -}}
{{- if or .Values.evaluation.kafka.enabled .Values.kafka.brokers }}true{{ end -}}
{{- end -}}

{{/* Parties installed here that send or read messages, as the broker knows them. */}}
{{- define "medveil.speakers" -}}
{{- $speakers := list -}}
{{- if .Values.pkg.enabled -}}{{- $speakers = append $speakers "pkg" -}}{{- end -}}
{{- if .Values.contract.enabled -}}{{- $speakers = append $speakers "contract" -}}{{- end -}}
{{- if .Values.consensusNode.enabled -}}
{{- range splitList "," (include "medveil.ordinals" (list . "consensusNode")) -}}{{- $speakers = append $speakers (printf "replica-%s" .) -}}{{- end -}}
{{- end -}}
{{- join "," $speakers -}}
{{- end -}}

{{/* Does a job make the topics? */}}
{{- define "medveil.createsTopics" -}}
{{- if and .Values.kafka.topics.create (include "medveil.speakers" .) }}true{{ end -}}
{{- end -}}

{{/* Do jobs bring the databases up to date, so that the services need not? */}}
{{- define "medveil.prepares" -}}
{{- if and (eq .Values.postgres.migrations "hook") (not .Values.evaluation.postgres.enabled) }}true{{ end -}}
{{- end -}}

{{- define "medveil.hasRedis" -}}
{{- if or .Values.evaluation.redis.enabled .Values.redis.enabled }}true{{ end -}}
{{- end -}}

{{/* Is one of the servers one of this release's own, so that nothing can wait for it before the installation? */}}
{{- define "medveil.isEvaluation" -}}
{{- $servers := .Values.evaluation -}}
{{- if or $servers.kafka.enabled $servers.postgres.enabled $servers.redis.enabled $servers.s3.enabled }}true{{ end -}}
{{- end -}}

{{/* URL of a component, here or elsewhere. Arguments: list root component */}}
{{- define "medveil.url" -}}
{{- $root := first . -}}
{{- $component := last . -}}
{{- with get $root.Values.endpoints $component -}}
{{- . -}}
{{- else -}}
{{- printf "http://%s:8080" (include "medveil.name" (list $root (include "medveil.row" (list $root $component) | fromYaml).name)) -}}
{{- end -}}
{{- end -}}
