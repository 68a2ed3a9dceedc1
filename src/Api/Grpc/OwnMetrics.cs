using Microsoft.AspNetCore.Http.Metadata;

namespace Fovea.Api.Grpc;

/// <summary>Marks a method whose images are counted and timed per stage, and not as an HTTP request.</summary>
internal sealed class OwnMetrics : IDisableHttpMetricsMetadata;
