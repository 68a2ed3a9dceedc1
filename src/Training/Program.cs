using Fovea.Training.Commands;

return await CommandLine.RunAsync(CommandLine.CreateRoot(), args);
