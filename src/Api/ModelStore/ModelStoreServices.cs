using Fovea.Models;

namespace Fovea.Api;

/// <summary>Registers the model store.</summary>
internal static class ModelStoreServices
{
    /// <summary>Adds the model store and the services that it needs.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The settings.</param>
    /// <param name="serves">Whether this process serves; only then are models loaded.</param>
    /// <exception cref="FoveaException">A setting is wrong, or the device that is asked for does not work.</exception>
    public static void AddModelStore(this IServiceCollection services, IConfiguration configuration, bool serves)
    {
        services.AddSingleton(ModelStoreSettings.Read(configuration))
            .AddSingleton(Device.Choose(DeviceSettings.Read(configuration)))
            .AddSingleton<ModelLoader>().AddSingleton<ModelStore>().AddSingleton<ModelCheck>().AddSingleton<ModelAdministration>()
            .AddSingleton<StagingSweep>().AddHostedService(provider => provider.GetRequiredService<StagingSweep>());
        if (serves)
        {
            services.AddSingleton<ModelPolling>().AddHostedService(provider => provider.GetRequiredService<ModelPolling>());
        }
    }
}
