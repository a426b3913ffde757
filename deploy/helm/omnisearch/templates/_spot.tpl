{{/* Labels by which clouds and Karpenter tell machines that they may take back; most set them as taints as well. */}}
{{- define "omnisearch.spotLabels" -}}
karpenter.sh/capacity-type: spot
eks.amazonaws.com/capacityType: SPOT
cloud.google.com/gke-spot: 'true'
kubernetes.azure.com/scalesetpriority: spot
{{- end -}}

{{- define "omnisearch.spotTolerations" -}}
{{- range $key, $value := include "omnisearch.spotLabels" . | fromYaml }}
- key: {{ $key }}
  operator: Equal
  value: {{ $value | quote }}
  effect: NoSchedule
{{- end }}
{{- end -}}

{{/* Preferred, not required: when there are none, others serve. */}}
{{- define "omnisearch.spotAffinity" -}}
nodeAffinity:
  preferredDuringSchedulingIgnoredDuringExecution:
    {{- range $key, $value := include "omnisearch.spotLabels" . | fromYaml }}
    - weight: 100
      preference:
        matchExpressions:
          - key: {{ $key }}
            operator: In
            values: [{{ $value | quote }}]
    {{- end }}
{{- end -}}
