using System.Text.Json.Serialization;
using Fovea.Api.AuditTrail;
using Fovea.Api.Classification;
using Fovea.Api.CustomVision;
using Fovea.Api.DatasetChecks;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Diagnostics;
using Fovea.Api.Explanation;
using Fovea.Api.FineTuning;
using Fovea.Api.InferenceProtocol;
using Fovea.Api.ModelRepository;
using Fovea.Api.NetworkCatalog;
using Fovea.Api.OpenAIProtocol;
using Fovea.Api.Probes;
using Fovea.Api.Problems;
using Fovea.Api.Storage;
using Fovea.Api.WebPage;

namespace Fovea.Api.Hosting;

/// <summary>The generated JSON serializers for all answers of the service.</summary>
internal static class AnswerJson
{
    /// <summary>The serializers. The first one that knows a type serializes it.</summary>
    public static readonly JsonSerializerContext[] Serializers =
    [
        ClassificationJson.Default, ExplanationJson.Default, ProblemJson.Default, NetworkCatalogJson.Default, ModelRepositoryJson.Default,
        DatasetJson.Default, DatasetCheckJson.Default, FineTuningJson.Default, OpenAIJson.Default, CustomVisionJson.Default,
        InferenceJson.Default, ProbeJson.Default, DiagnosticsJson.Default, StorageJson.Default, AuditJson.Default,
        WebPageJson.Default,
    ];
}
