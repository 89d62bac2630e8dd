{{/*
How a job that may run again and again is started. Where the servers are this release's own, nothing can wait for them before the
installation: then it is an ordinary job, another one for each revision. Arguments: dict root weight
*/}}
{{- define "medveil.job.annotations" -}}
{{- if not (include "medveil.isEvaluation" .root) }}
annotations:
  helm.sh/hook: pre-install,pre-upgrade
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
{{- end -}}

{{/* Arguments: dict root name */}}
{{- define "medveil.job.name" -}}
{{- $name := include "medveil.server" (list .root .name) -}}
{{- if include "medveil.isEvaluation" .root }}{{ printf "%s-%d" $name (int .root.Release.Revision) }}{{ else }}{{ $name }}{{ end -}}
{{- end -}}

{{/* The common part of a job's pod. Arguments: dict root name account */}}
{{- define "medveil.job.pod" -}}
{{- with .account }}
serviceAccountName: {{ . }}
{{- end }}
automountServiceAccountToken: false
enableServiceLinks: false
restartPolicy: OnFailure
securityContext: {{ include "medveil.podSecurity" 10001 | nindent 2 }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets: {{- range . }}
  - name: {{ . }}
{{- end }}{{ end }}
{{- end -}}
