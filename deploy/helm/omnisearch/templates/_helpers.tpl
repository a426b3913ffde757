{{/* Names of shards and of Services are made of it: no dots. */}}
{{- define "omnisearch.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | replace "." "-" | trunc 40 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | replace "." "-" | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | replace "." "-" | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The Secret of all roles. */}}
{{- define "omnisearch.secret" -}}
{{- .Values.existingSecret | default (include "omnisearch.fullname" .) -}}
{{- end -}}

{{/* By which a role's pods are found. Takes a dict of root and role. */}}
{{- define "omnisearch.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{- define "omnisearch.labels" -}}
{{ include "omnisearch.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "omnisearch.name" -}}
{{ include "omnisearch.fullname" .root }}-{{ .role }}
{{- end -}}
