using Fovea.Api.Scheduling;
using Fovea.Api.Serving;

namespace Fovea.Api.Tuning;

/// <summary>Registers the services that serve loaded models.</summary>
internal static class ServingServices
{
    public static void AddServing(this IServiceCollection services) => services
        .AddSingleton<DecodingBudget>().AddSingleton<RequestsInFlight>()
        .AddSingleton<SizesFile>().AddSingleton<ModelTuner>().AddSingleton<ServingEngine>()
        .AddHostedService(provider => provider.GetRequiredService<ServingEngine>());
}
