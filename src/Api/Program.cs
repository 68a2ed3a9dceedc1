using Fovea.Api;
using Fovea.Models;

if (args is ["--health"])
{
    return await HealthProbe.Run();
}

if (args is [CheckCommand.Verb, var version, var model, var bytes, var batch])
{
    return CheckCommand.Run(version, model, bytes, batch);
}

if (args is [KeysCommand.Verb, ..])
{
    return KeysCommand.Run(args);
}

try
{
    await Service.Run(args);
    return 0;
}
catch (Exception e) when (e is FoveaException or IOException or UnauthorizedAccessException)
{
    // What the user can mend: a setting, or an address that is in use.
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
