{{/* Name of the party whose keys a component has, as set-up names it. */}}
{{- define "medveil.party" -}}
{{- get (dict "consensusNode" "replica-$(POD_INDEX)" "auditor" "auditor-$(POD_INDEX)") .component | default .row.name -}}
{{- end -}}

{{/* Does it write into its vault? Then the vault is on a volume of its own. Argument: component */}}
{{- define "medveil.writesVault" -}}
{{- if has . (list "consensusNode" "patientApi" "researchApi") }}true{{ end -}}
{{- end -}}

{{/* Files with credentials: variable of the setting, key in the Secret, whether the Secret is evaluation's. Arguments: dict root row */}}
{{- define "medveil.credentials" -}}
{{- $values := .root.Values -}}
{{- if has "database" .row.needs }}
- {variable: DATABASE_URL, key: database-url, evaluation: {{ $values.evaluation.postgres.enabled }}}
{{- end }}
{{- if and (has "redis" .row.needs) (include "medveil.hasRedis" .root) }}
- {variable: CACHE_URL, key: redis-url, evaluation: {{ $values.evaluation.redis.enabled }}}
{{- end }}
{{- if and (has "objects" .row.needs) (or $values.evaluation.s3.enabled $values.s3.useKeys) }}
- {variable: OBJECTS_ACCESS_KEY_ID, key: s3-access-key-id, evaluation: {{ $values.evaluation.s3.enabled }}}
- {variable: OBJECTS_SECRET_ACCESS_KEY, key: s3-secret-access-key, evaluation: {{ $values.evaluation.s3.enabled }}}
{{- end }}
{{- if and (has "kafka" .row.needs) $values.kafka.sasl.enabled (not $values.evaluation.kafka.enabled) }}
- {variable: TRANSPORT_SASL_USERNAME, key: kafka-username, evaluation: false}
- {variable: TRANSPORT_SASL_PASSWORD, key: kafka-password, evaluation: false}
{{- end }}
{{- end -}}

{{/* The credentials as one volume. Arguments: dict root component row */}}
{{- define "medveil.credentials.volume" -}}
{{- $own := list -}}
{{- $evaluation := list -}}
{{- range include "medveil.credentials" . | fromYamlArray -}}
{{- $item := dict "key" .key "path" .key -}}
{{- if .evaluation -}}{{- $evaluation = append $evaluation $item -}}{{- else -}}{{- $own = append $own $item -}}{{- end -}}
{{- end -}}
{{- if or $own $evaluation }}
- name: credentials
  projected:
    defaultMode: 0440
    sources:
      {{- with $own }}
      - secret:
          name: {{ (get $.root.Values $.component).credentials.existingSecret }}
          items: {{ toJson . }}
      {{- end }}
      {{- with $evaluation }}
      - secret:
          name: {{ include "medveil.evaluationSecret" $.root }}
          items: {{ toJson . }}
      {{- end }}
{{- end }}
{{- end -}}

{{/* Certificates of servers' authorities. Arguments: dict root row → list of {name, secret} */}}
{{- define "medveil.authorities" -}}
{{- $values := .root.Values -}}
{{- if and (has "kafka" .row.needs) $values.kafka.tls.caSecret (not $values.evaluation.kafka.enabled) }}
- {name: kafka-ca, secret: {{ $values.kafka.tls.caSecret }}}
{{- end }}
{{- if and (has "database" .row.needs) $values.postgres.caSecret (not $values.evaluation.postgres.enabled) }}
- {name: postgres-ca, secret: {{ $values.postgres.caSecret }}}
{{- end }}
{{- if and (has "redis" .row.needs) $values.redis.caSecret (not $values.evaluation.redis.enabled) }}
- {name: redis-ca, secret: {{ $values.redis.caSecret }}}
{{- end }}
{{- end -}}

{{/* The pod of a component. Arguments: dict root component stateful; the latter: instances have numbers, and volumes of their own */}}
{{- define "medveil.pod" -}}
{{- $root := .root -}}
{{- $values := get $root.Values .component -}}
{{- $row := include "medveil.row" (list $root .component) | fromYaml -}}
{{- $here := dict "root" $root "component" .component "row" $row "values" $values "stateful" .stateful -}}
metadata:
  labels: {{ include "medveil.selector" (list $root $row.name) | nindent 4 }}
  annotations:
    checksum/config: {{ include "medveil.configs" (list $root .component) | sha256sum }}
    {{- if $root.Values.monitoring.annotations }}
    prometheus.io/scrape: "true"
    prometheus.io/port: "8080"
    prometheus.io/path: /metrics
    {{- end }}
    {{- with $values.podAnnotations }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  serviceAccountName: {{ include "medveil.name" (list $root $row.name) }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext: {{ include "medveil.podSecurity" 10001 | nindent 4 }}
  terminationGracePeriodSeconds: {{ add $values.terminationGracePeriodSeconds (ceil (divf $root.Values.drainDelayMs 1000)) }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $root.Values.image.pullSecrets }}
  imagePullSecrets: {{- range . }}
    - name: {{ . }}
  {{- end }}{{ end }}
  {{- with $values.nodeSelector }}
  nodeSelector: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- include "medveil.spread" $here | nindent 2 }}
  {{- with include "medveil.initContainers" $here }}
  initContainers: {{- . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ $row.name }}
      image: {{ include "medveil.image" (list $root $row.name) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      securityContext: {{ include "medveil.containerSecurity" . | nindent 8 }}
      env: {{ include "medveil.environment" $here | nindent 8 }}
      ports:
        - {name: http, containerPort: 8080}
        {{- if eq .component "consensusNode" }}
        - {name: peers, containerPort: 7443}
        {{- end }}
      {{- include "medveil.probes" .component | nindent 6 }}
      lifecycle:
        # Until nobody sends requests any more: endpoints are removed while the pod is already being stopped.
        preStop: {sleep: {seconds: 5}}
      resources: {{ toYaml $values.resources | nindent 8 }}
      volumeMounts: {{ include "medveil.mounts" $here | nindent 8 }}
  volumes: {{ include "medveil.volumes" $here | nindent 4 }}
{{- end -}}

{{/* Arguments: component. Live: the process answers. Ready: all that it stands on answered just now. */}}
{{- define "medveil.probes" -}}
startupProbe:
  httpGet: {path: /health/started, port: http}
  periodSeconds: 2
  # A replica may take a state from its peers first; the others wait a minute for their servers, and migrate.
  failureThreshold: {{ ternary 1800 150 (eq . "consensusNode") }}
livenessProbe:
  httpGet: {path: /health/live, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /health/ready, port: http}
  periodSeconds: 5
  # Each check has two seconds.
  timeoutSeconds: 3
  failureThreshold: 2
{{- end -}}

{{- define "medveil.environment" -}}
{{- $prefix := printf "MEDVEIL_%s" .row.variable -}}
{{- if .stateful }}
- name: POD_INDEX
  valueFrom: {fieldRef: {fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']"}}
{{- end }}
- name: {{ $prefix }}_CONFIG
  value: /etc/medveil/config/{{ ternary "$(POD_INDEX)" "config" .stateful }}.yaml
{{- if not .root.Values.operator.publicKey }}
- name: {{ $prefix }}_OPERATOR_PUBLIC_KEY_FILE
  value: /etc/medveil/operator/public-key
{{- end }}
{{- range include "medveil.credentials" . | fromYamlArray }}
- name: {{ $prefix }}_INFRASTRUCTURE_{{ .variable }}_FILE
  value: /etc/medveil/credentials/{{ .key }}
{{- end }}
{{- if and (eq .component "patientApi") (or .root.Values.setup.enabled .values.hospital.existingSecret) }}
- name: {{ $prefix }}_HOSPITAL_ENROLMENT_TOKEN_FILE
  value: /etc/medveil/enrolment/enrolment-token
{{- end }}
{{- end -}}

{{- define "medveil.mounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: config, mountPath: /etc/medveil/config, readOnly: true}
{{- if include "medveil.credentials" . | fromYamlArray }}
- {name: credentials, mountPath: /etc/medveil/credentials, readOnly: true}
{{- end }}
{{- range include "medveil.authorities" . | fromYamlArray }}
- {name: {{ .name }}, mountPath: /etc/medveil/{{ .name }}, readOnly: true}
{{- end }}
{{- if .root.Values.setup.enabled }}
- {name: party, mountPath: /etc/medveil/network, subPath: network, readOnly: true}
- {name: party, mountPath: /etc/medveil/vault-key, subPath: vault-key, readOnly: true}
{{- if not .root.Values.operator.publicKey }}
- {name: party, mountPath: /etc/medveil/operator, subPath: operator, readOnly: true}
{{- end }}
{{- if not (include "medveil.writesVault" .component) }}
- {name: party, mountPath: /etc/medveil/vault, subPath: vault, readOnly: true}
{{- end }}
{{- else }}
- {name: network, mountPath: /etc/medveil/network, readOnly: true}
- {name: vault-key, mountPath: /etc/medveil/vault-key, readOnly: true{{ if .stateful }}, subPathExpr: {{ include "medveil.party" . }}{{ end }}}
{{- if not (include "medveil.writesVault" .component) }}
- {name: vault-source, mountPath: /etc/medveil/vault, readOnly: true{{ if .stateful }}, subPathExpr: {{ include "medveil.party" . }}{{ end }}}
{{- end }}
{{- end }}
{{- if include "medveil.writesVault" .component }}
- {name: vault, mountPath: /vault}
{{- end }}
{{- if has .component (list "consensusNode" "contract") }}
- {name: data, mountPath: /data}
{{- end }}
{{- if has .component (list "patientApi" "researchApi") }}
{{- if .root.Values.circuits.existingClaim }}
- {name: circuits, mountPath: /circuits, readOnly: true}
{{- end }}
{{- end }}
{{- if and (eq .component "patientApi") (or .root.Values.setup.enabled .values.hospital.existingSecret) }}
- {name: enrolment, mountPath: /etc/medveil/enrolment, readOnly: true}
{{- end }}
{{- end -}}

{{- define "medveil.volumes" -}}
{{- $root := .root -}}
- name: tmp
  emptyDir: {sizeLimit: 256Mi}
- name: config
  configMap: {name: {{ include "medveil.name" (list $root .row.name) }}}
{{- include "medveil.credentials.volume" . }}
{{- range include "medveil.authorities" . | fromYamlArray }}
- name: {{ .name }}
  secret: {secretName: {{ .secret }}, defaultMode: 0440, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- if include "medveil.initContainers" . }}
- name: scripts
  configMap: {name: {{ include "medveil.fullname" $root }}-scripts}
{{- end }}
{{- if $root.Values.setup.enabled }}
- name: setup
  persistentVolumeClaim: {claimName: {{ include "medveil.fullname" $root }}-setup}
- name: party
  emptyDir: {medium: Memory, sizeLimit: 32Mi}
{{- else }}
- name: network
  {{- if $root.Values.network.existingSecret }}
  secret: {secretName: {{ $root.Values.network.existingSecret }}, items: [{key: {{ $root.Values.network.key }}, path: network.json}]}
  {{- else }}
  configMap: {name: {{ $root.Values.network.existingConfigMap }}, items: [{key: {{ $root.Values.network.key }}, path: network.json}]}
  {{- end }}
{{- include "medveil.vault.volumes" . }}
{{- end }}
{{- if and (include "medveil.writesVault" .component) (not .stateful) }}
- name: vault
  persistentVolumeClaim: {claimName: {{ include "medveil.name" (list $root .row.name) }}-vault}
{{- end }}
{{- if and (has .component (list "patientApi" "researchApi")) $root.Values.circuits.existingClaim }}
- name: circuits
  persistentVolumeClaim: {claimName: {{ $root.Values.circuits.existingClaim }}, readOnly: true}
{{- end }}
{{- if eq .component "patientApi" }}
{{- if $root.Values.setup.enabled }}
- name: enrolment
  emptyDir: {medium: Memory, sizeLimit: 1Mi}
{{- else if .values.hospital.existingSecret }}
- name: enrolment
  secret: {secretName: {{ .values.hospital.existingSecret }}, defaultMode: 0440, items: [{key: enrolment-token, path: enrolment-token}]}
{{- end }}
{{- end }}
{{- end -}}

{{/* Keys from Secrets. Of parties with numbers each has a folder, of which a container sees its own alone. */}}
{{- define "medveil.vault.volumes" -}}
{{- if .stateful }}
- name: vault-key
  projected:
    defaultMode: 0440
    sources:
      {{- range $party, $secret := .values.vault.existingSecrets }}
      - secret: {name: {{ $secret }}, items: [{key: vault.key, path: {{ $party }}/vault.key}]}
      {{- end }}
- name: vault-source
  projected:
    defaultMode: 0440
    sources:
      {{- $names := get (dict "consensusNode" (list "replica-key" "message-key" "operator-key" "hpke-seed") "auditor" (list "account-key" "hpke-seed")) .component }}
      {{- range $party, $secret := .values.vault.existingSecrets }}
      - secret:
          name: {{ $secret }}
          items:
            - {key: vault.sealed, path: {{ $party }}/vault.sealed}
            {{- range $names }}
            - {key: {{ . }}.sealed, path: {{ $party }}/{{ . }}.sealed}
            {{- end }}
      {{- end }}
{{- else }}
- name: vault-key
  secret: {secretName: {{ .values.vault.existingSecret }}, defaultMode: 0440, items: [{key: vault.key, path: vault.key}]}
{{- if not (include "medveil.writesVault" .component) }}
- name: vault-source
  secret: {secretName: {{ .values.vault.existingSecret }}, defaultMode: 0440}
{{- end }}
{{- end }}
{{- end -}}

{{/* Takes the party's keys over, before the service starts. */}}
{{- define "medveil.initContainers" -}}
{{- $root := .root -}}
{{- $setup := $root.Values.setup.enabled -}}
{{- $party := include "medveil.party" . -}}
{{- $vault := ternary "/vault/sealed" "/party/vault" (eq (include "medveil.writesVault" .component) "true") -}}
{{- if or $setup (eq .component "consensusNode") }}
- name: take-keys
  image: {{ include "medveil.image" (list $root .row.name) }}
  imagePullPolicy: {{ $root.Values.image.pullPolicy }}
  securityContext: {{ include "medveil.containerSecurity" . | nindent 4 }}
  command: [node, /etc/medveil/scripts/begin.mjs]
  args:
    {{- if $setup }}
    - /setup/network.json=/party/network/network.json
    - /setup/parties/{{ $party }}/settings.json#operatorPublicKey=/party/operator/public-key
    - /setup/parties/{{ $party }}/vault.key=/party/vault-key/vault.key
    - /setup/parties/{{ $party }}/vault={{ $vault }}
    {{- else }}
    - /source={{ $vault }}
    {{- end }}
  {{- if .stateful }}
  env:
    - name: POD_INDEX
      valueFrom: {fieldRef: {fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']"}}
  {{- end }}
  resources: {requests: {cpu: 10m, memory: 64Mi}, limits: {memory: 128Mi}}
  volumeMounts:
    - {name: scripts, mountPath: /etc/medveil/scripts, readOnly: true}
    {{- if $setup }}
    - {name: setup, mountPath: /setup, readOnly: true}
    - {name: party, mountPath: /party}
    {{- else }}
    - {name: vault-source, mountPath: /source, readOnly: true, subPathExpr: {{ $party }}}
    {{- end }}
    {{- if include "medveil.writesVault" .component }}
    - {name: vault, mountPath: /vault}
    {{- end }}
{{- end }}
{{- if and $setup (eq .component "patientApi") }}
{{- $pkg := include "medveil.url" (list $root "pkg") }}
- name: wait-for-pkg
  image: {{ include "medveil.image" (list $root .row.name) }}
  imagePullPolicy: {{ $root.Values.image.pullPolicy }}
  securityContext: {{ include "medveil.containerSecurity" . | nindent 4 }}
  command: [node, /etc/medveil/scripts/begin.mjs]
  args: [--ready={{ $pkg }}/health/ready]
  resources: {requests: {cpu: 10m, memory: 64Mi}, limits: {memory: 128Mi}}
  volumeMounts:
    - {name: scripts, mountPath: /etc/medveil/scripts, readOnly: true}
# The token is one-time, and once used of no more interest: after the first start the hospital has its certificate.
- name: enrol
  image: {{ include "medveil.image" (list $root "setup") }}
  imagePullPolicy: {{ $root.Values.image.pullPolicy }}
  securityContext: {{ include "medveil.containerSecurity" . | nindent 4 }}
  args: [enrol, /setup, --pkg-url, {{ $pkg }}, --id, {{ .values.hospital.enrolmentId }}, --role, hospital, --out, /enrolment/enrolment-token]
  resources: {requests: {cpu: 10m, memory: 128Mi}, limits: {memory: 512Mi}}
  volumeMounts:
    - {name: tmp, mountPath: /tmp}
    - {name: setup, mountPath: /setup, readOnly: true}
    - {name: enrolment, mountPath: /enrolment}
{{- end }}
{{- end -}}

{{/* Where pods go: apart from their like. Arguments: dict root component row values */}}
{{- define "medveil.spread" -}}
{{- $selector := include "medveil.selector" (list .root .row.name) -}}
{{- $strict := and (eq .component "consensusNode") (eq (default "" .values.antiAffinity) "required") -}}
{{- if .values.affinity }}
affinity: {{ toYaml .values.affinity | nindent 2 }}
{{- else }}
affinity:
  podAntiAffinity:
    {{- if $strict }}
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector: {matchLabels: {{ fromYaml $selector | toJson }}}
    {{- else }}
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector: {matchLabels: {{ fromYaml $selector | toJson }}}
    {{- end }}
{{- end }}
{{- $spread := get .values "topologySpread" | default (dict "topologyKey" "topology.kubernetes.io/zone" "whenUnsatisfiable" "ScheduleAnyway") }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: {{ $spread.topologyKey }}
    whenUnsatisfiable: {{ $spread.whenUnsatisfiable }}
    labelSelector: {matchLabels: {{ fromYaml $selector | toJson }}}
{{- end -}}
