{{/* Configuration files of a component's instances: one for each number, or one. Arguments: list root component */}}
{{- define "medveil.configs" -}}
{{- $root := first . -}}
{{- $component := last . -}}
{{- if has $component (list "consensusNode" "auditor") -}}
{{- range $index := splitList "," (include "medveil.ordinals" .) }}
{{ $index }}.yaml: | {{- include "medveil.config" (dict "root" $root "component" $component "index" $index) | nindent 2 }}
{{- end }}
{{- else -}}
config.yaml: | {{- include "medveil.config" (dict "root" $root "component" $component "index" "") | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* The configuration file of one instance: what the chart knows, and over it the component's own settings. Arguments: dict root component index */}}
{{- define "medveil.config" -}}
{{- $root := .root -}}
{{- $values := get $root.Values .component -}}
{{- $row := include "medveil.row" (list $root .component) | fromYaml -}}
{{- $common := include "medveil.config.common" (dict "root" $root "component" .component "row" $row) | fromYaml -}}
{{- $own := include (printf "medveil.config.%s" .component) (dict "root" $root "index" .index) | fromYaml -}}
{{- mergeOverwrite $common $own (deepCopy $values.settings) | toYaml -}}
{{- end -}}

{{/* Arguments: dict root component row */}}
{{- define "medveil.config.common" -}}
{{- $root := .root -}}
mode: {{ $root.Values.mode }}
logLevel: {{ $root.Values.logLevel }}
http:
  host: 0.0.0.0
  port: 8080
  trustProxy: {{ or $root.Values.exposure.ingress.enabled $root.Values.exposure.gateway.enabled }}
  drainDelayMs: {{ int $root.Values.drainDelayMs }}
networkFile: /etc/medveil/network/network.json
vault:
  folder: {{ ternary "/vault/sealed" "/etc/medveil/vault" (has .component (list "consensusNode" "patientApi" "researchApi")) }}
  keyFile: /etc/medveil/vault-key/vault.key
{{- with $root.Values.operator.publicKey }}
operatorPublicKey: {{ . }}
{{- end }}
infrastructure:
  # Of what is not used: nothing is kept here.
  dataFolder: /tmp/infrastructure
  {{- with $root.Values.monitoring.tracing }}
  {{- if .endpoint }}
  tracing: {endpoint: {{ .endpoint | quote }}, sampleRatio: {{ .sampleRatio }}}
  {{- end }}
  {{- end }}
  {{- if has "kafka" .row.needs }}
  transport: {{ include "medveil.config.kafka" $root | nindent 4 }}
  {{- end }}
  {{- if has "database" .row.needs }}
  database: {{ include "medveil.config.postgres" $root | nindent 4 }}
  {{- end }}
  {{- if has "objects" .row.needs }}
  objects: {{ include "medveil.config.s3" $root | nindent 4 }}
  {{- end }}
  {{- if and (has "redis" .row.needs) (include "medveil.hasRedis" $root) }}
  cache:
    kind: redis
    {{- if and $root.Values.redis.caSecret (not $root.Values.evaluation.redis.enabled) }}
    caFile: /etc/medveil/redis-ca/ca.crt
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "medveil.config.kafka" -}}
kind: kafka
{{- if .Values.evaluation.kafka.enabled }}
brokers: [{{ include "medveil.server" (list . "kafka") }}:9092]
replicationFactor: 1
createMissingTopics: true
{{- else }}
brokers: {{ toJson .Values.kafka.brokers }}
tls: {{ .Values.kafka.tls.enabled }}
{{- if .Values.kafka.tls.caSecret }}
caFile: /etc/medveil/kafka-ca/ca.crt
{{- end }}
{{- if .Values.kafka.sasl.enabled }}
saslMechanism: {{ .Values.kafka.sasl.mechanism }}
{{- end }}
replicationFactor: {{ .Values.kafka.topics.replicationFactor }}
{{- end }}
topicPartitions: {{ .Values.kafka.topics.partitions }}
retentionHours: {{ .Values.kafka.topics.retentionHours }}
maxMessageBytes: {{ int .Values.kafka.topics.maxMessageBytes }}
{{- end -}}

{{- define "medveil.config.postgres" -}}
kind: postgres
migrations: {{ include "medveil.prepares" . | empty | ternary "run" "check" }}
poolSize: {{ .Values.postgres.poolSize }}
{{- if and .Values.postgres.caSecret (not .Values.evaluation.postgres.enabled) }}
caFile: /etc/medveil/postgres-ca/ca.crt
{{- end }}
{{- end -}}

{{- define "medveil.config.s3" -}}
kind: s3
{{- if .Values.evaluation.s3.enabled }}
bucket: medveil
endpoint: http://{{ include "medveil.server" (list . "s3") }}:7070
createBucket: true
{{- else }}
bucket: {{ .Values.s3.bucket }}
region: {{ .Values.s3.region }}
protection: {{ .Values.s3.protection }}
{{- with .Values.s3.endpoint }}
endpoint: {{ . }}
{{- end }}
{{- with .Values.s3.encryption }}
encryption: {{ . }}
{{- end }}
{{- with .Values.s3.encryptionKeyId }}
encryptionKeyId: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "medveil.config.pkg" -}}
contractUrl: {{ include "medveil.url" (list .root "contract") }}
{{- with .root.Values.pkg.identityProviders }}
identityProviders: {{ toJson . }}
{{- end }}
{{- end -}}

{{- define "medveil.config.proxyCloud" -}}
contractUrl: {{ include "medveil.url" (list .root "contract") }}
{{- end -}}

{{- define "medveil.config.contract" -}}
dataFolder: /data
nodeUrls: {{ values (include "medveil.nodeUrls" (dict "root" .root "except" "") | fromYaml) | sortAlpha | toJson }}
{{- end -}}

{{- define "medveil.config.consensusNode" -}}
{{- $replica := printf "replica-%s" .index -}}
replica: {{ $replica }}
dataFolder: /data
transport:
  kind: {{ .root.Values.consensusNode.transport }}
  {{- if eq .root.Values.consensusNode.transport "direct" }}
  listen: {host: 0.0.0.0, port: 7443}
  peers: {{ include "medveil.peers" (dict "root" .root "except" $replica) | fromYaml | toJson }}
  {{- end }}
snapshots:
  peers: {{ include "medveil.nodeUrls" (dict "root" .root "except" $replica) | fromYaml | toJson }}
{{- end -}}

{{- define "medveil.config.agent" -}}
pkgUrl: {{ include "medveil.url" (list .root "pkg") }}
contractUrl: {{ include "medveil.url" (list .root "contract") }}
proxyUrl: {{ include "medveil.url" (list .root "proxyCloud") }}
circuitFolders: {{ toJson .root.Values.circuits.folders }}
{{- end -}}

{{- define "medveil.config.patientApi" -}}
{{ include "medveil.config.agent" . }}
hospital:
  enrolmentId: {{ .root.Values.patientApi.hospital.enrolmentId }}
{{- with .root.Values.patientApi.standingRules }}
standingExchangesPerHour: {{ int .exchangesPerHour }}
standingSpreadMs: {{ int .spreadMs }}
{{- end }}
{{- end -}}

{{- define "medveil.config.researchApi" -}}
{{ include "medveil.config.agent" . }}
{{- include "medveil.config.evidence" . }}
{{- end -}}

{{- define "medveil.config.auditor" -}}
auditor: auditor-{{ .index }}
contractUrl: {{ include "medveil.url" (list .root "contract") }}
proxyUrl: {{ include "medveil.url" (list .root "proxyCloud") }}
{{- include "medveil.config.evidence" . }}
{{- end -}}

{{- define "medveil.config.evidence" -}}
{{- with .root.Values.endpoints.evidence }}
evidenceUrls: {{ toJson . }}
{{- end }}
{{- end -}}

{{/* URLs of consensus nodes by replica, here and elsewhere. Arguments: dict root except */}}
{{- define "medveil.nodeUrls" -}}
{{- $urls := dict -}}
{{- $root := .root -}}
{{- if $root.Values.consensusNode.enabled -}}
{{- range $index := splitList "," (include "medveil.ordinals" (list $root "consensusNode")) -}}
{{- $_ := set $urls (printf "replica-%s" $index) (printf "http://%s-replica-%s:8080" (include "medveil.fullname" $root) $index) -}}
{{- end -}}
{{- end -}}
{{- omit (mergeOverwrite $urls $root.Values.endpoints.consensusNodes) .except | toYaml -}}
{{- end -}}

{{/* host:port of replicas' streams. Arguments: dict root except */}}
{{- define "medveil.peers" -}}
{{- $peers := dict -}}
{{- $root := .root -}}
{{- range $index := splitList "," (include "medveil.ordinals" (list $root "consensusNode")) -}}
{{- $_ := set $peers (printf "replica-%s" $index) (printf "%s-replica-%s:7443" (include "medveil.fullname" $root) $index) -}}
{{- end -}}
{{- omit (mergeOverwrite $peers $root.Values.endpoints.peers) .except | toYaml -}}
{{- end -}}
