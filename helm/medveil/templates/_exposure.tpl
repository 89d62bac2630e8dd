{{/* What is reached from outside: list of {host, service, component}. A host with {index} stands for one of each instance. */}}
{{- define "medveil.exposed" -}}
{{- range $component := splitList "," (include "medveil.components" .) }}
{{- $host := get $.Values.exposure.hosts $component }}
{{- $row := include "medveil.row" (list $ $component) | fromYaml }}
{{- if $host }}
{{- if has $component (list "consensusNode" "auditor") }}
{{- range $index := splitList "," (include "medveil.ordinals" (list $ $component)) }}
- {host: {{ $host | replace "{index}" $index }}, service: {{ include "medveil.name" (list $ $row.name) }}-{{ $index }}, component: {{ $row.name }}}
{{- end }}
{{- else }}
- {host: {{ $host }}, service: {{ include "medveil.name" (list $ $row.name) }}, component: {{ $row.name }}}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Secret of a host's certificate. */}}
{{- define "medveil.tlsSecret" -}}
{{ . | replace "." "-" }}-tls
{{- end -}}
