using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Fovea.Client.Tests.Packages;

/// <summary>Lists what programs can use of a library: a line for each public or protected member, in the order of the names.</summary>
internal static class PublicApi
{
    private const BindingFlags Own =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly NullabilityInfoContext Nullability = new();

    /// <summary>The list, with a line feed after each line.</summary>
    public static string Of(Assembly library)
    {
        var text = new StringBuilder();
        foreach (var type in library.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"{Kind(type)} {type.Namespace}.{Name(type)}{Bases(type)}\n");
            foreach (var line in Members(type).Order(StringComparer.Ordinal))
            {
                text.Append(CultureInfo.InvariantCulture, $"    {line}\n");
            }
        }

        return text.ToString();
    }

    private static string Kind(Type type) =>
        type.IsEnum ? "enum"
        : type.IsInterface ? "interface"
        : type.IsValueType ? "struct"
        : type is { IsAbstract: true, IsSealed: true } ? "static class"
        : type.IsAbstract ? "abstract class"
        : type.IsSealed ? "sealed class"
        : "class";

    private static string Bases(Type type)
    {
        var bases = type is { IsEnum: false, BaseType: { } own } && own != typeof(object) && own != typeof(ValueType) ? new[] { own } : [];
        var interfaces = type.GetInterfaces().Where(i => i.IsPublic && !type.IsEnum);
        string[] names = [.. bases.Concat(interfaces).Select(Name).Order(StringComparer.Ordinal)];
        return names.Length == 0 ? "" : $" : {string.Join(", ", names)}";
    }

    private static IEnumerable<string> Members(Type type) => type.IsEnum
        ? type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => $"{field.Name} = {field.GetRawConstantValue()}")
        : type.GetMembers(Own).Where(member => !member.IsDefined(typeof(CompilerGeneratedAttribute))).Select(Line).OfType<string>();

    private static string? Line(MemberInfo member) => member switch
    {
        ConstructorInfo { IsStatic: false } made when IsVisible(made) => $"new({Parameters(made)})",
        MethodInfo method when IsVisible(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) =>
            Method(method),
        PropertyInfo property when Accessors(property) is { Length: > 0 } accessors =>
            $"{Static(property.GetAccessors(nonPublic: true)[0])}{Name(property.PropertyType, Nullability.Create(property))} "
                + $"{property.Name} {{ {accessors} }}",
        FieldInfo field when field is { IsPublic: true } or { IsFamily: true } =>
            (field.IsLiteral ? "const " : field.IsStatic ? "static " : "")
                + $"{Name(field.FieldType, Nullability.Create(field))} {field.Name}"
                + (field.IsLiteral ? $" = {field.GetRawConstantValue()}" : ""),
        EventInfo { AddMethod: { } add } happening when IsVisible(add) => $"event {Name(happening.EventHandlerType!)} {happening.Name}",
        _ => null,
    };

    private static string Method(MethodInfo method)
    {
        var generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";
        var result = Name(method.ReturnType, Nullability.Create(method.ReturnParameter));
        return $"{Static(method)}{result} {method.Name}{generic}({Parameters(method)})";
    }

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Accessors(PropertyInfo property)
    {
        var setter = property.SetMethod is { } set && IsVisible(set)
            ? set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init;" : "set;"
            : null;
        var getter = property.GetMethod is { } get && IsVisible(get) ? "get;" : null;
        var required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required" : null;
        return getter is null && setter is null ? "" : string.Join(' ', new[] { required, getter, setter }.OfType<string>());
    }

    private static string Static(MethodBase method) => method.IsStatic ? "static " : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{Name(parameter.ParameterType, Nullability.Create(parameter))} {parameter.Name}"
            + (parameter.HasDefaultValue ? $" = {parameter.RawDefaultValue ?? Nothing(parameter.ParameterType)}" : "")));

    private static string Nothing(Type type) => type.IsValueType && Nullable.GetUnderlyingType(type) is null ? "default" : "null";

    private static string Name(Type type, NullabilityInfo nullability) =>
        type.IsValueType || nullability.ReadState != NullabilityState.Nullable ? Name(type) : $"{Name(type)}?";

    private static string Name(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return $"{Name(value)}?";
        }

        if (type.IsByRef)
        {
            return $"ref {Name(type.GetElementType()!)}";
        }

        if (type.IsArray)
        {
            return $"{Name(type.GetElementType()!)}[]";
        }

        var own = type.IsNested && !type.IsGenericParameter ? $"{Name(type.DeclaringType!)}.{type.Name}" : type.Name;
        return type.IsGenericType
            ? $"{own.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
            : own;
    }
}
