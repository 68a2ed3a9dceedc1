using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Api.Requests;

namespace Fovea.Api.AuditTrail;

/// <summary>The audit trail as JSON, in answers and in its files.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(AuditEntry))]
[JsonSerializable(typeof(Page<AuditEntry>))]
internal sealed partial class AuditJson : JsonSerializerContext;
