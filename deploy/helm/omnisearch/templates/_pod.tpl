{{/*
A role's pod: metadata and spec. Takes a dict of root, role (the verb), values (of the role), env (its own settings),
fields (settings that are read of the pod), ports, readiness (the port of /readyz), graceSeconds and, of a shard, preStopSeconds.
*/}}
{{- define "omnisearch.pod" -}}
{{- $root := .root -}}
{{- $env := mustMergeOverwrite (dict "HOST" "0.0.0.0" "METRICS_PORT" "9464" "DATA_DIR" "/data") $root.Values.settings .values.settings .env -}}
metadata:
  labels:
    {{- include "omnisearch.labels" . | nindent 4 }}
  annotations:
    {{- if not $root.Values.existingSecret }}
    # Pods start anew when it changes.
    checksum/secret: {{ toJson $root.Values.secrets | sha256sum }}
    {{- end }}
    {{- with .values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  automountServiceAccountToken: false
  # Their variables would look like settings.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .graceSeconds }}
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    runAsGroup: 1000
    fsGroup: 1000
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  {{- with .values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if or .values.tolerations .values.spot }}
  tolerations:
    {{- with .values.tolerations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- if .values.spot }}
    {{- include "omnisearch.spotTolerations" . | nindent 4 }}
    {{- end }}
  {{- end }}
  {{- if .values.spot }}
  affinity:
    {{- include "omnisearch.spotAffinity" . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: topology.kubernetes.io/zone
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "omnisearch.selector" . | nindent 10 }}
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      {{- /* Copies of one part on one machine would be lost with it. */}}
      whenUnsatisfiable: {{ eq .role "shard-node" | ternary "DoNotSchedule" "ScheduleAnyway" }}
      labelSelector:
        matchLabels:
          {{- include "omnisearch.selector" . | nindent 10 }}
  containers:
    - name: {{ .role }}
      image: {{ printf "%s:%s" $root.Values.image.repository ($root.Values.image.tag | default $root.Chart.AppVersion) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: [{{ .role }}]
      ports:
        {{- range $name, $port := .ports }}
        - name: {{ $name }}
          containerPort: {{ $port }}
        {{- end }}
      envFrom:
        - secretRef:
            name: {{ include "omnisearch.secret" $root }}
      env:
        {{- range $name, $path := .fields }}
        - name: OMNISEARCH_{{ $name }}
          valueFrom:
            fieldRef:
              fieldPath: {{ $path }}
        {{- end }}
        {{- /* Whole numbers of values are floats to templates. */}}
        {{- range $name, $value := $env }}
        - name: OMNISEARCH_{{ $name }}
          value: {{ kindIs "float64" $value | ternary (printf "%.15g" $value) (toString $value) | quote }}
        {{- end }}
      startupProbe:
        httpGet: { path: /livez, port: metrics }
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: { path: /livez, port: metrics }
        periodSeconds: 10
        timeoutSeconds: 5
      readinessProbe:
        httpGet: { path: /readyz, port: {{ .readiness }} }
        periodSeconds: 2
        timeoutSeconds: 2
        failureThreshold: 2
      {{- with .preStopSeconds }}
      lifecycle:
        preStop:
          sleep: { seconds: {{ . }} }
      {{- end }}
      resources:
        {{- toYaml .values.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      volumeMounts:
        - { name: data, mountPath: /data }
        - { name: tmp, mountPath: /tmp }
  volumes:
    - name: tmp
      emptyDir: {}
    {{- if ne .role "shard-node" }}
    - name: data
      emptyDir: {}
    {{- end }}
{{- end -}}

{{/* What a stop takes at most, in whole seconds: 24 s of leaving and closing, the wait for balancers, what is in flight twice. */}}
{{- define "omnisearch.graceSeconds" -}}
{{- add 25 (.preStopSeconds | default 0) (ceil (divf (.drainDelayMs | default 0) 1000)) (ceil (divf (mulf 2 .drainTimeoutMs) 1000)) -}}
{{- end -}}
