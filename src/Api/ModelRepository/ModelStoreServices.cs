using Fovea.Api.Configuration;
using Fovea.Api.Storage;
using Fovea.Api.Telemetry;
using Fovea.Models.Adoption;
using Fovea.Models.Errors;
using Fovea.Models.Runtime;

namespace Fovea.Api.ModelRepository;

/// <summary>Registers the model store.</summary>
internal static class ModelStoreServices
{
    /// <summary>Adds the model store and the services that it needs.</summary>
    /// <param name="services">The collection that the services are added to.</param>
    /// <param name="configuration">The service's configuration.</param>
    /// <param name="serves">Whether this process answers requests. Only then does it load models.</param>
    /// <exception cref="RefusalException">A setting is wrong, or the device of the setting Device does not work.</exception>
    public static void AddModelStore(this IServiceCollection services, IConfiguration configuration, bool serves)
    {
        services.AddSingleton(ModelStoreSettings.Read(configuration))
            .AddSingleton(Device.Choose(Settings.Bind<DeviceOptions>(configuration)))
            .AddSingleton(AdoptedForms)
            .AddSingleton<ModelLoader>().AddSingleton<ModelStore>().AddSingleton<ModelCheck>().AddSingleton<ModelAdministration>()
            .AddSingleton<StagingSweep>().AddHostedService(provider => provider.GetRequiredService<StagingSweep>());
        if (serves)
        {
            services.AddSingleton<ModelPolling>().AddHostedService(provider => provider.GetRequiredService<ModelPolling>());
        }
    }

    private static AdoptionCache AdoptedForms(IServiceProvider services)
    {
        var log = services.GetRequiredService<ILogger<AdoptionCache>>();
        return new(
            services.GetRequiredService<Settings>().AdoptedFolder,
            services.GetRequiredService<ModelStoreSettings>().AdoptedBytes)
        { Failed = log.AdoptedFormNotKept };
    }
}
