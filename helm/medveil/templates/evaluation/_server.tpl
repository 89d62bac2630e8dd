{{/* The workload of an evaluation server. Arguments: dict root name port path args env secret(mount path, key → file) exec; path: of its volume, or empty */}}
{{- define "medveil.evaluation.server" -}}
{{- $root := .root -}}
{{- $values := get $root.Values.evaluation .name -}}
{{- $server := include "medveil.server" (list $root .name) -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ $server }}
  labels: {{ include "medveil.labels" (list $root .name) | nindent 4 }}
spec:
  # A server may have to reach itself by its name before it is ready.
  publishNotReadyAddresses: true
  selector: {{ include "medveil.selector" (list $root .name) | nindent 4 }}
  ports:
    - {name: {{ .name }}, port: {{ .port }}, targetPort: {{ .port }}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $server }}
  labels: {{ include "medveil.labels" (list $root .name) | nindent 4 }}
spec:
  replicas: 1
  serviceName: {{ $server }}
  selector:
    matchLabels: {{ include "medveil.selector" (list $root .name) | nindent 6 }}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: {{ $root.Values.volumesWhenDeleted }}, whenScaled: Retain}
  template:
    metadata:
      labels: {{ include "medveil.selector" (list $root .name) | nindent 8 }}
    spec:
      serviceAccountName: {{ $server }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 30
      securityContext: {{ include "medveil.podSecurity" $values.runAsUser | nindent 8 }}
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets: {{- range . }}
        - name: {{ . }}
      {{- end }}{{ end }}
      containers:
        - name: {{ .name }}
          image: {{ $values.image }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          securityContext:
            {{- include "medveil.containerSecurity" . | nindent 12 }}
          {{- with $values.command }}
          command: {{ toJson . }}
          {{- end }}
          {{- with default .args $values.args }}
          args: {{ toJson . }}
          {{- end }}
          {{- $environment := mergeOverwrite (deepCopy (default dict .env)) $values.env }}
          {{- if or $environment .secretEnv }}
          env:
            {{- range $name, $value := $environment }}
            - name: {{ $name }}
              value: {{ tpl (toString $value) $root | quote }}
            {{- end }}
            {{- range $name, $key := .secretEnv }}
            - name: {{ $name }}
              valueFrom: {secretKeyRef: {name: {{ include "medveil.evaluationSecret" $root }}, key: {{ $key }}}}
            {{- end }}
          {{- end }}
          ports:
            - {name: {{ .name }}, containerPort: {{ .port }}}
          startupProbe:
            tcpSocket: {port: {{ .port }}}
            periodSeconds: 2
            failureThreshold: 90
          readinessProbe:
            tcpSocket: {port: {{ .port }}}
            periodSeconds: 5
          resources: {{ toYaml $values.resources | nindent 12 }}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
            {{- range .writable }}
            - {name: writable, mountPath: {{ . }}, subPath: {{ base . }}}
            {{- end }}
            {{- with .secretFile }}
            - {name: secret, mountPath: {{ .path }}, readOnly: true}
            {{- end }}
            {{- with .path }}
            - {name: data, mountPath: {{ . }}}
            {{- end }}
      volumes:
        - name: tmp
          emptyDir: {sizeLimit: 256Mi}
        {{- if .writable }}
        - name: writable
          emptyDir: {sizeLimit: 256Mi}
        {{- end }}
        {{- with .secretFile }}
        - name: secret
          secret: {secretName: {{ include "medveil.evaluationSecret" $root }}, defaultMode: 0440, items: [{key: {{ .key }}, path: {{ .file }}}]}
        {{- end }}
  {{- if .path }}
  volumeClaimTemplates:
    - apiVersion: v1
      kind: PersistentVolumeClaim
      metadata:
        name: data
        labels: {{ include "medveil.selector" (list $root .name) | nindent 10 }}
      spec: {{ include "medveil.claim" (dict "size" $values.storage) | nindent 8 }}
  {{- end }}
{{- end -}}
