using Microsoft.AspNetCore.Http.Metadata;

namespace Fovea.Api.Grpc;

/// <summary>Marks a method whose images Fovea's own metrics count and time. ASP.NET's metrics leave its requests out.</summary>
internal sealed class OwnMetrics : IDisableHttpMetricsMetadata;
