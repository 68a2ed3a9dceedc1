using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fovea.Client;

/// <summary>
/// Checks that a Fovea service is ready for requests, and that one of its models is ready if a model is named. The check of the service is
/// not retried.
/// </summary>
/// <param name="client">The client of the service.</param>
/// <param name="model">The model; null: no model is checked.</param>
public sealed class FoveaHealthCheck(FoveaClient client, string? model = null) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await client.CheckReadyAsync(cancellationToken);
            var found = model is null ? null : await client.GetModelAsync(model, cancellationToken);
            if (found is not { IsReady: false })
            {
                return HealthCheckResult.Healthy();
            }

            var problem = $"The model {found.Name} is {found.State}; expected ready. {found.Reason}";
            return new(context.Registration.FailureStatus, problem.TrimEnd());
        }
        catch (Exception e) when (e is FoveaClientException or HttpRequestException or TimeoutException)
        {
            return new(context.Registration.FailureStatus, e.Message, e);
        }
    }
}
