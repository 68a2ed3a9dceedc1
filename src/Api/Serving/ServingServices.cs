using Fovea.Api.Tuning;

namespace Fovea.Api;

/// <summary>Registers what serves loaded models.</summary>
internal static class ServingServices
{
    public static void AddServing(this IServiceCollection services) => services
        .AddSingleton<DecodingBudget>().AddSingleton<RequestsInFlight>()
        .AddSingleton<SizesFile>().AddSingleton<ModelTuner>().AddSingleton<ServingEngine>()
        .AddHostedService(provider => provider.GetRequiredService<ServingEngine>());
}
